"""Our model as Keras' users expect it: save, load_model, clone_model, summary, export."""

import numpy as np
import pytest

import vitcore
from tests.vitcore.keras_round_trips import SIZES
from tests.vitcore.small_models import small_config
from tests.vitcore.test_backends import start


@pytest.fixture(scope="module", params=["tensorflow", "jax"])
def files(request, tmp_path_factory):
    """Where one process saved models, and another what it made of them."""
    if request.param == "jax":
        pytest.importorskip("jax")
    folder = tmp_path_factory.mktemp(request.param)
    for step in ("save", "open"):
        process = start(
            "-m", "tests.vitcore.keras_round_trips", step, str(folder), backend=request.param
        )
        _, errors = process.communicate()
        assert process.returncode == 0, errors
    return folder


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("way", ["load_model", "clone", "load", "exported"])
def test_another_process_predicts_the_same(files, way, size):
    expected, opened = (np.load(files / f"{name}.npz") for name in ("expected", "opened"))
    np.testing.assert_allclose(opened[f"{way} {size}"], expected[str(size)], atol=1e-5)


def test_summary_says_every_shape(files):
    summary = str(np.load(files / "opened.npz")["summary"])
    config = small_config(registers=2, pooling="class")
    assert f"(None, {config.tokens(config.patch_size)}, {config.width})" in summary
    assert "?" not in summary


@pytest.mark.parametrize(
    ("name", "words"),
    [("other", "Sequential"), ("broken", r"broken\.keras"), ("none", "not found")],
)
def test_a_file_of_no_such_model_is_refused(files, name, words):
    (files / "broken.keras").write_bytes(b"no zip")
    with pytest.raises(vitcore.checkpoints.CheckpointError, match=words):
        vitcore.load(files / f"{name}.keras")
