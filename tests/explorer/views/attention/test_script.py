"""The script that a page hands out is run, and gives the numbers that the page shows."""

from pathlib import Path

import numpy as np
import pytest
import streamlit as st

from explorer import client
from explorer.client import session
from explorer.data import images
from explorer.results import Ready
from explorer.selection import Image, ModelRef, Selection
from explorer.text.image_code import image_code
from explorer.views.attention import export
from explorer.views.attention.script import State, script
from tests.vitcore.small_models import random_weights, small_config
from vitcore import checkpoints
from vitcore.inference import probabilities
from vitcore.interpret.logit_lens import NEEDED
from vitcore.intervention import Intervention

CONFIGS = {"mean": {}, "class": {"pooling": "class", "registers": 1}}
CASES = {
    "untouched": {"label": "frog", "index": 0, "patch_size": 8},
    "poked": {
        "label": "cat",
        "index": 3,
        "patch_size": 11,
        "changes": Intervention(ablated_heads=((0, 1),), patches={0: None, 1: 2, 2: 1}),
        "fusion": "max",
        "discard": 0.3,
        "pinned": 4,
    },
    "a head off": {
        "label": "frog",
        "index": 2,
        "patch_size": 8,
        "changes": Intervention(ablated_heads=((0, 1),)),
    },
    "one patch, no positions": {
        "label": "ship",
        "index": 1,
        "patch_size": 32,
        "changes": Intervention(use_pos_embed=False),
    },
}


@pytest.fixture
def make_model(tmp_path):
    def make(kind):
        config = small_config(**CONFIGS[kind])
        checkpoints.write(tmp_path / kind, config, random_weights(config))
        return str(tmp_path / kind)

    return make


@pytest.fixture
def here(monkeypatch):
    """Answer in this process what pages ask the worker."""

    class Worker:
        def ask(self, task, session, **_):
            return Ready(task.function(*task.arguments))

    monkeypatch.setattr(session, "_dispatcher", Worker)
    monkeypatch.setattr(st, "session_state", {})


def ran(case, model, *, answer, other):
    config, image = checkpoints.read(model)[0], images.chosen("sketch10", *case_name(case))
    made = State(
        model=model,
        image=image,
        patch_size=case["patch_size"],
        changes=case.get("changes", Intervention()),
        answer=answer,
        other=other,
        fusion=case.get("fusion", "mean"),
        discard=case.get("discard", 0.0),
        pooling=config.pooling,
        prefix=config.num_prefix_tokens,
        pinned=case.get("pinned"),
    )
    names = {}
    exec(compile(script(made), "<script>", "exec"), names)
    return names


def case_name(case):
    return case["label"], case["index"]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("mean", "untouched"),
        ("class", "poked"),
        ("mean", "a head off"),
        ("mean", "one patch, no positions"),
    ],
)
def test_the_script_gives_what_the_page_shows(make_model, here, kind, name):
    model, case = make_model(kind), CASES[name]
    image, size = images.chosen("sketch10", *case_name(case)), case["patch_size"]
    folder = Path(model)
    ref = ModelRef(model, folder, (1,), checkpoints.read_config(folder))
    baseline = Selection(ref, image, size)
    selection = baseline.under(case.get("changes", Intervention()))
    whole, changed = (client.forward(one).value for one in (baseline, selection))
    answer = int(whole.logits.argmax())
    other = (answer + 3) % 10
    got = ran(case, model, answer=answer, other=other)

    def same(value, expected):
        np.testing.assert_allclose(value, expected, atol=1e-5, rtol=1e-5)

    same(got["image"], image.pixels)
    same(got["mask"], image.mask)
    same(got["probabilities"], changed.probabilities)
    same(got["attention"], changed.attention)
    if "pinned" in case:
        place = changed.num_prefix_tokens + case["pinned"]
        same(got["pinned"], changed.attention[:, :, place, changed.num_prefix_tokens :])
    how = {"head_fusion": case.get("fusion", "mean"), "discard_ratio": case.get("discard", 0.0)}
    maps = [client.attribution_maps(selection, index, **how).value for index in (answer, other)]
    tests = client.deletion_insertion(selection, maps).value
    for found, tested in zip(maps, tests, strict=True):
        index = found.class_index
        same(got["maps"][index], found.rows)
        same(got["curves"][index].deletion, tested.deletion)
        same(got["curves"][index].insertion_area, tested.insertion_area)
    ranking = client.head_ablation(selection).value
    same(got["without_each"], ranking.effects.heads.probability)
    numbers = client.head_metrics(selection).value
    same(got["distance"], numbers.distance[0])
    same(got["entropy"], numbers.entropy[0])
    same(got["dependence"], numbers.query_dependence[0])
    if np.isnan(numbers.on_object).any():  # patches moved
        assert "on_object" not in got
    else:
        same(got["on_object"], numbers.on_object[0])
    if whole.num_prefix_tokens:
        same(got["in_paper"], numbers.distance_in_paper[0])
        same(got["on_prefix"], numbers.prefix_attention[0])
    same(probabilities(got["logit_lens"].image), changed.logit_lens)
    same(probabilities(got["logit_lens"].patches), changed.patch_logit_lens)
    same(got["token_norms"], changed.token_norms)
    if changed.patch_logits is not None:
        same(got["patch_logits"], changed.patch_logits)
        same(got["patch_logits"].mean(axis=0), changed.logits)
    assert set(NEEDED) <= set(got["weights"])


def test_a_photograph_and_an_image_of_ones_own_are_named():
    state = State(
        model="flexi-cifar10",
        image=Image(np.zeros((32, 32, 3), np.uint8), "cifar10", 6, 12, "frog 12", "key"),
        patch_size=4,
        changes=Intervention(),
        answer=6,
        other=3,
    )
    text = script(state)
    compile(text, "<script>", "exec")
    assert 'images, labels = vitcore.cifar10("test")' in text
    assert "np.flatnonzero(labels == 6)[12]" in text
    assert "# frog, cat" in text
    own = script(
        State(
            model='a"b',
            image=Image(np.zeros((32, 32, 3), np.uint8), "upload", None, None, "yours", "key"),
            patch_size=4,
            changes=Intervention(),
            answer=6,
            other=3,
        )
    )
    compile(own, "<script>", "exec")
    assert 'Image.open("image.png")' in own


@pytest.mark.parametrize("side", [32, 512])
def test_the_script_reads_the_image_that_the_page_exports(tmp_path, monkeypatch, rng, side):
    pixels = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
    saved = export.enlarged(pixels) if side > 32 else pixels
    (tmp_path / "image.png").write_bytes(export.png(saved))
    monkeypatch.chdir(tmp_path)
    names = {"np": np}
    exec(image_code(Image(pixels, "upload", None, None, "yours", "key")), names)
    np.testing.assert_array_equal(names["image"], pixels)
