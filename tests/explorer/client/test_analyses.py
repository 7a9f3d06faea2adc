"""What explains an answer, asked through the client, with a worker that answers or does not yet."""

import numpy as np
import pytest
import streamlit as st

import vitcore
from explorer import client
from explorer.client import attribution, head_analysis, session
from explorer.client.result_cache import size_of
from explorer.data import cifar10_setup
from explorer.records import MAPS, AttributionMaps, HeadRanking
from explorer.results import Failure, Pending, Ready
from explorer.selection import Image, ModelRef, Selection
from tests.vitcore.small_models import random_image, random_weights, small_config
from vitcore import checkpoints
from vitcore.datasets import sketch10

WAITING = Pending("Working.", "Meanwhile.")
CONFIGS = {"mean": {}, "class": {"pooling": "class", "registers": 1}}
IMAGE = Image(random_image(), "upload", None, None, "own", "key")


class Worker:
    """Stands in for the dispatcher: computes in this process what it is let compute."""

    def __init__(self):
        self.late = lambda number, background: False  # whether a new question must wait
        self.keys, self.notifying, self.count = {}, [], 0

    def ask(self, task, session, *, slot=None, patience=None, notify=True):
        hash(task.key)
        if task.key not in self.keys:
            self.count += not notify or not task.background
            if self.late(self.count, task.background):
                if notify:
                    self.notifying.append(task.key)
                return WAITING
            self.keys[task.key] = task.function(*task.arguments)
        return Ready(self.keys[task.key])


@pytest.fixture(scope="module", params=CONFIGS)
def model(request, tmp_path_factory):
    folder = tmp_path_factory.getbasetemp() / f"explained-{request.param}"
    if not folder.exists():
        config = small_config(**CONFIGS[request.param])
        checkpoints.write(folder, config, random_weights(config))
    return ModelRef(folder.name, folder, (1,), checkpoints.read_config(folder))


@pytest.fixture
def asked(monkeypatch):
    made = Worker()
    monkeypatch.setattr(session, "_dispatcher", lambda: made)
    monkeypatch.setattr(st, "session_state", {})
    return made


def of(model, patch_size, image=IMAGE, **rest):
    return Selection(model, image, patch_size, **rest)


@pytest.mark.parametrize(
    ("model", "size"), [("mean", 8), ("class", 11), ("mean", 32)], indirect=["model"]
)
def test_maps_are_those_of_the_library(model, asked, size):
    told = client.attribution_maps(of(model, size), 3, head_fusion="max", discard_ratio=0.5).value
    loaded = vitcore.load(model.folder)
    config, seen = loaded.config, vitcore.trace(loaded, IMAGE.pixels, patch_size=size)
    how = {"pooling": config.pooling, "num_prefix_tokens": config.num_prefix_tokens}
    rolled = vitcore.rollout(seen.attention, head_fusion="max", discard_ratio=0.5)
    expected = {
        "raw": vitcore.pooled_attention(seen.attention[-1].mean(axis=0), **how).reshape(seen.grid),
        "rollout": vitcore.pooled_attention(rolled, **how).reshape(seen.grid),
        "relevance": vitcore.relevance(loaded, IMAGE.pixels, 3, size),
        "occlusion": vitcore.occlusion(loaded, IMAGE.pixels, 3, size),
    }
    assert tuple(expected) == MAPS
    for row, (name, value) in zip(told.rows, expected.items(), strict=True):
        np.testing.assert_array_equal(row, getattr(told, name))
        assert row.dtype == np.float32
        np.testing.assert_allclose(row, value, atol=1e-5)
    assert size_of(told) >= told.rows.nbytes


@pytest.mark.parametrize(("model", "size"), [("class", 8), ("mean", 32)], indirect=["model"])
def test_curves_are_those_of_the_library(model, asked, size):
    found = [client.attribution_maps(of(model, size), index).value for index in (3, 5)]
    result = client.deletion_insertion(of(model, size), found)
    assert result.pending is None
    for maps, told in zip(found, result.value, strict=True):
        expected = vitcore.deletion_insertion(
            vitcore.load(model.folder), IMAGE.pixels, maps.rows, maps.class_index, size
        )
        np.testing.assert_allclose(told.deletion, expected.deletion, atol=1e-5)
        np.testing.assert_allclose(told.insertion_area, expected.insertion_area, atol=1e-5)
        assert len(told.deletion) == len(MAPS) + 1


def test_classes_share_what_is_erased_in_the_same_order(model, asked):
    found = [client.attribution_maps(of(model, 8), index).value for index in (3, 5)]
    before = set(asked.keys)
    client.deletion_insertion(of(model, 8), found)
    sets = [row for key in set(asked.keys) - before for row in erased_sets(key)]
    assert len(sets) == len(set(sets))


def erased_sets(key):
    packed = key[-2]
    return [packed[start : start + 2] for start in range(0, len(packed), 2)]  # 16 patches each


def test_curves_come_map_by_map_random_order_first(model, asked, monkeypatch):
    monkeypatch.setattr(attribution, "batch_size", lambda _: 8)
    found = [client.attribution_maps(of(model, 8), 3).value]
    asked.count, asked.late = 0, lambda number, _: number > 8
    result = client.deletion_insertion(of(model, 8), found)
    known = np.isfinite(result.value[0].insertion).all(axis=1)
    assert list(known) == sorted(known[:-1], reverse=True) + [True]
    assert known[:-1].any()
    assert not known.all()
    assert 0 < result.pending.progress < 1


def test_another_class_needs_no_other_erased_images(model, asked):
    client.attribution_maps(of(model, 8), 3)
    before = set(asked.keys)
    client.attribution_maps(of(model, 8), 5)
    assert {key[0] for key in set(asked.keys) - before} == {"relevance"}


def test_what_is_still_to_come_says_how_far_it_is(model, asked):
    asked.late = lambda number, background: background
    told = client.attribution_maps(of(model, 8), 3)
    assert told.value.occlusion is None
    assert told.value.relevance.shape == told.value.raw.shape
    assert told.pending.progress == 0
    assert asked.notifying  # else the page would never run again


def test_head_ranking_is_the_librarys(model, asked):
    told = client.head_ablation(of(model, 8)).value
    loaded = vitcore.load(model.folder)
    assert isinstance(told, HeadRanking)
    expected = vitcore.head_importance(loaded, IMAGE.pixels[None], None, 8)
    np.testing.assert_allclose(told.effects.heads.probability, expected.heads.probability)
    shown = vitcore.predict(loaded, IMAGE.pixels[None], patch_size=8)[0]
    np.testing.assert_allclose(told.before, shown, atol=1e-5)
    assert told.class_index == shown.argmax()
    off = vitcore.Intervention(ablated_heads=((1, 0),))
    changed = vitcore.predict(loaded, IMAGE.pixels[None], patch_size=8, intervention=off)[0]
    np.testing.assert_allclose(told.heads[1, 0], changed, atol=1e-5)
    assert told.blocks.shape == (2, 10)
    other = client.head_ablation(of(model, 8), class_index=4).value
    assert other.class_index == 4


def test_ranking_over_sketches_grows_to_the_whole(model, asked, monkeypatch):
    monkeypatch.setattr(head_analysis, "chunk_size", lambda *_: 4)
    asked.late = lambda number, background: number > 2
    part = client.head_ablation_many(of(model, 8), "sketch10", images=10)
    assert (part.value.num_images, part.pending.message) == (8, WAITING.message)
    asked.late = lambda *_: False
    whole = client.head_ablation_many(of(model, 8), "sketch10", images=10)
    assert (whole.value.num_images, whole.pending) == (10, None)
    images, labels, _ = sketch10(10)
    expected = vitcore.head_importance(vitcore.load(model.folder), images, labels, 8)
    np.testing.assert_allclose(whole.value.heads.probability, expected.heads.probability, atol=1e-6)
    np.testing.assert_allclose(whole.value.blocks.accuracy, expected.blocks.accuracy)


def test_numbers_over_sketches_know_the_object(model, asked):
    told = client.head_metrics_many(of(model, 8), "sketch10", images=3).value
    assert told.num_images == 3
    images, _, masks = sketch10(3)
    loaded = vitcore.load(model.folder)
    config, seen = loaded.config, vitcore.trace(loaded, images[2], patch_size=8)
    maps = vitcore.pooled_attention(
        seen.attention, pooling=config.pooling, num_prefix_tokens=config.num_prefix_tokens
    )
    expected = vitcore.object_attention(maps, masks[2], seen.grid)
    np.testing.assert_allclose(told.on_object[2], expected, rtol=1e-4)
    assert told.distance.shape == (3, 2, 2)


def test_numbers_of_one_image_know_its_object_where_it_has_one(model, asked):
    images, _, masks = sketch10(1)
    sketch = Image(images[0], "sketch10", 0, 0, "airplane 0", "sketch", masks[0])
    one = client.head_metrics(of(model, 8, sketch)).value
    many = client.head_metrics_many(of(model, 8), "sketch10", images=1).value
    np.testing.assert_allclose(one.on_object, many.on_object)
    np.testing.assert_allclose(one.distance, many.distance)
    assert np.isnan(client.head_metrics(of(model, 8)).value.on_object).all()


def test_numbers_may_be_those_of_a_changed_pass(model, asked):
    off, moved = vitcore.Intervention(ablated_heads=((0, 0),)), vitcore.Intervention(patches={0: 5})
    images, _, masks = sketch10(1)
    sketch = Image(images[0], "sketch10", 0, 0, "airplane 0", "sketch", masks[0])
    whole = of(model, 8, sketch)
    plain, told = (client.head_metrics(one).value for one in (whole, whole.under(off)))
    loaded = vitcore.load(model.folder)
    seen = vitcore.trace(loaded, images[0], patch_size=8, intervention=off)
    expected = vitcore.attention_distance(seen)
    np.testing.assert_allclose(told.distance[0], expected, rtol=1e-4)
    assert not np.allclose(told.distance, plain.distance)
    assert not np.isnan(told.on_object).any()
    assert np.isnan(client.head_metrics(whole.under(moved)).value.on_object).all()


def test_nothing_known_yet_is_waited_for(model, asked):
    asked.late = lambda *_: True
    told = client.head_metrics_many(of(model, 8), "sketch10")
    assert (told.message, told.progress) == (WAITING.message, 0)
    told = client.head_ablation(of(model, 8))
    assert (told.message, told.progress) == (WAITING.message, 0)


def test_heads_are_switched_off_a_few_at_a_time(model, asked, monkeypatch):
    whole = client.head_ablation(of(model, 8)).value
    asked.keys.clear()
    monkeypatch.setattr(head_analysis, "batch_size", lambda _: 2)
    sliced = client.head_ablation(of(model, 8)).value
    assert len(asked.keys) == 4  # 1 + 2 * 2 + 2 ways
    np.testing.assert_allclose(sliced.heads, whole.heads, atol=1e-6)
    asked.keys.clear()
    asked.count, asked.late = 0, lambda number, _: number > 2
    assert client.head_ablation(of(model, 8)).progress == 0.5


def test_photographs_that_are_not_there_are_a_problem(model, asked, monkeypatch):
    monkeypatch.setattr(cifar10_setup.Gathering, "ready", False)
    told = client.head_metrics_many(of(model, 8), "cifar10")
    assert isinstance(told, Failure)
    assert "CIFAR-10" in told.message


@pytest.mark.parametrize("name", ["zzz", ""])
def test_a_model_that_is_not_there_is_a_problem(name):
    nothing = of(client.resolve(name), 8)
    assert isinstance(client.forward(nothing), Failure)
    assert isinstance(client.attribution_maps(nothing, 0), Failure)
    assert isinstance(client.head_ablation(nothing), Failure)
    assert isinstance(client.head_metrics_many(nothing, "sketch10"), Failure)
    assert isinstance(client.residual_ablation(nothing), Failure)
    assert isinstance(client.evaluate(nothing, "sketch10", 500), Failure)


def test_maps_are_of_the_class_and_size_asked_for(model, asked):
    told = client.attribution_maps(of(model, 16), 7).value
    assert isinstance(told, AttributionMaps)
    assert (told.class_index, told.patch_size, told.raw.shape) == (7, 16, (2, 2))
