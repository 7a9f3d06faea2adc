"""`python -m vitcore lens`: a file for one image."""

import json

import numpy as np
import pytest
from PIL import Image

from tests.vitcore.lens.test_view import unpacked
from vitcore.cli.main import main
from vitcore.datasets.sketch10 import sketch10
from vitcore.model import load
from vitcore.tracing import trace


@pytest.fixture(scope="module")
def traced():
    return trace(load("flexi-cifar10"), sketch10(1, start=6)[0][0], patch_size=8)


@pytest.mark.parametrize("named", ["sketch10:6", "frog.png"])
def test_an_image_becomes_a_file(named, traced, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(sketch10(1, start=6)[0][0]).save("frog.png")
    options = ["--patch-size", "8", "--out", "view.html", "--json"]
    assert main(["lens", "flexi-cifar10", named, *options]) == 0
    printed = capsys.readouterr()
    result = json.loads(printed.out)
    assert (result["file"], result["patch_size"]) == ("view.html", 8)
    assert result["prediction"] == "frog"
    assert result["confidence"] == pytest.approx(traced.probabilities.max(), abs=1e-4)
    assert "writing" in printed.err
    head, arrays = unpacked((tmp_path / "view.html").read_text(encoding="utf-8"))
    assert (head["grid"], len(head["prefix"])) == ([4, 4], 4)
    peaks = traced.attention[..., 4:].max(axis=-1)
    np.testing.assert_allclose(arrays["peaks"][:, :3], peaks, rtol=1e-3)
    np.testing.assert_array_equal(arrays["rgb"], traced.image)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        ("missing.png", "missing.png cannot be used"),
        ("text.png", "PNG, JPEG"),
        ("sketch11:4", "sketch11:4 cannot be used"),
        ("~nobody-here/x.png", "x.png cannot be used"),
    ],
)
def test_what_is_no_image_is_one_sentence_and_no_file(
    image, message, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.png").write_text("no image")
    assert main(["lens", "flexi-cifar10", image]) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith("error: ")
    assert message in printed.err
    assert [path.name for path in tmp_path.iterdir()] == ["text.png"]


@pytest.mark.parametrize("out", ["frog.png", "./frog.png", "nodir/lens.html", "."])
def test_where_no_file_can_be_written_is_said_before_the_trace(out, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(sketch10(1, start=6)[0][0]).save("frog.png")
    before = (tmp_path / "frog.png").read_bytes()
    assert main(["lens", "flexi-cifar10", "frog.png", "--out", out]) == 2
    printed = capsys.readouterr().err
    assert "cannot be written" in printed
    assert "loading" not in printed
    assert (tmp_path / "frog.png").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["frog.png"]


def test_an_error_starts_on_a_line_of_its_own(tmp_path, capsys):
    options = ["--patch-size", "999", "--out", str(tmp_path / "lens.html")]
    assert main(["lens", "flexi-cifar10", "sketch10:6", *options]) == 2
    progress, error, _ = capsys.readouterr().err.split("\n")
    assert "tracing" in progress
    assert error.startswith("error: ")
