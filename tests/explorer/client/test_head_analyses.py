"""What explains an answer, asked through the client, with a worker that answers or does not yet."""

import numpy as np
import pytest

import vitcore
from explorer import client
from explorer.client import attribution, head_analyses
from explorer.client.analysis_results import MAPS, Gathered, HeadRanking, Maps
from explorer.client.results import Problem, Waiting, size_of
from explorer.client.tasks import forward_pass
from explorer.data import cifar10_setup
from explorer.state import Picture
from tests.vitcore.small_models import random_picture, random_weights, small_config
from vitcore import checkpoints
from vitcore.datasets import sketch10

WAITING = Waiting("Working.", "Meanwhile.")
CONFIGS = {"mean": {}, "class": {"pooling": "class", "registers": 1}}
PICTURE = Picture(random_picture(), "upload", None, "own", "key")


class Worker:
    """Stands in for `client.ask`: computes in this process what it is let compute."""

    def __init__(self):
        self.late = lambda number, background: False  # whether a new question must wait
        self.keys, self.heeded, self.count = {}, [], 0

    def ask(
        self,
        function,
        model,
        arguments,
        *,
        key,
        patch_size,
        what,
        slot=None,
        background=False,
        heeded=True,
    ):
        key = (function.__name__, model, *key)
        hash(key)
        if key not in self.keys:
            self.count += not heeded or not background
            if self.late(self.count, background):
                if heeded:
                    self.heeded.append(key)
                return WAITING
            self.keys[key] = function(model, (1,), *arguments)
        return self.keys[key]


@pytest.fixture(scope="module", params=CONFIGS)
def model(request, tmp_path_factory):
    folder = tmp_path_factory.getbasetemp() / f"explained-{request.param}"
    if not folder.exists():
        config = small_config(**CONFIGS[request.param])
        checkpoints.write(folder, config, random_weights(config))
    return str(folder)


@pytest.fixture
def asked(monkeypatch):
    made = Worker()
    monkeypatch.setattr(client, "ask", made.ask)
    monkeypatch.setattr(
        client,
        "reading",
        lambda model, picture, size: forward_pass.reading(model, (1,), picture.pixels, size, None),
    )
    return made


@pytest.mark.parametrize(
    ("model", "size"), [("mean", 8), ("class", 11), ("mean", 32)], indirect=["model"]
)
def test_maps_are_those_of_the_library(model, asked, size):
    told = attribution.maps(model, PICTURE, size, 3, fusion="max", discard=0.5)
    loaded = vitcore.load(model)
    config, seen = loaded.config, vitcore.trace(loaded, PICTURE.pixels, patch_size=size)
    how = {"pooling": config.pooling, "num_prefix_tokens": config.num_prefix_tokens}
    rolled = vitcore.rollout(seen.attention, head_fusion="max", discard_ratio=0.5)
    expected = {
        "raw": vitcore.pooled_attention(seen.attention[-1].mean(axis=0), **how).reshape(seen.grid),
        "rollout": vitcore.pooled_attention(rolled, **how).reshape(seen.grid),
        "relevance": vitcore.relevance(loaded, PICTURE.pixels, 3, size),
        "occlusion": vitcore.occlusion(loaded, PICTURE.pixels, 3, size),
    }
    assert tuple(expected) == MAPS
    for row, (name, value) in zip(told.rows, expected.items(), strict=True):
        np.testing.assert_array_equal(row, getattr(told, name))
        assert row.dtype == np.float32
        np.testing.assert_allclose(row, value, atol=1e-5)
    assert size_of(told) >= told.rows.nbytes


@pytest.mark.parametrize(("model", "size"), [("class", 8), ("mean", 32)], indirect=["model"])
def test_curves_are_those_of_the_library(model, asked, size):
    found = [attribution.maps(model, PICTURE, size, index) for index in (3, 5)]
    for maps, told in zip(found, attribution.tests(model, PICTURE, size, found), strict=True):
        assert told.awaited is None
        expected = vitcore.deletion_insertion(
            vitcore.load(model), PICTURE.pixels, maps.rows, maps.class_index, size
        )
        np.testing.assert_allclose(told.curves.deletion, expected.deletion, atol=1e-5)
        np.testing.assert_allclose(told.curves.insertion_area, expected.insertion_area, atol=1e-5)
        assert len(told.curves.deletion) == len(MAPS) + 1


def test_classes_share_what_is_erased_in_the_same_order(model, asked):
    found = [attribution.maps(model, PICTURE, 8, index) for index in (3, 5)]
    before = set(asked.keys)
    attribution.tests(model, PICTURE, 8, found)
    sets = [row for key in set(asked.keys) - before for row in erased_sets(key)]
    assert len(sets) == len(set(sets))


def erased_sets(key):
    packed = key[-1]
    return [packed[start : start + 2] for start in range(0, len(packed), 2)]  # 16 patches each


def test_curves_come_map_by_map_random_order_first(model, asked, monkeypatch):
    monkeypatch.setattr(attribution, "batch_size", lambda _: 8)
    found = [attribution.maps(model, PICTURE, 8, 3)]
    asked.count, asked.late = 0, lambda number, _: number > 8
    (told,) = attribution.tests(model, PICTURE, 8, found)
    known = np.isfinite(told.curves.insertion).all(axis=1)
    assert list(known) == sorted(known[:-1], reverse=True) + [True]
    assert known[:-1].any()
    assert not known.all()
    assert 0 < told.awaited.done < 1


def test_another_class_needs_no_other_erased_pictures(model, asked):
    attribution.maps(model, PICTURE, 8, 3)
    before = set(asked.keys)
    attribution.maps(model, PICTURE, 8, 5)
    assert {key[0] for key in set(asked.keys) - before} == {"relevance"}


def test_what_is_still_to_come_says_how_far_it_is(model, asked):
    asked.late = lambda number, background: background
    told = attribution.maps(model, PICTURE, 8, 3)
    assert told.occlusion is None
    assert told.relevance.shape == told.raw.shape
    assert isinstance(told.awaited, Waiting)
    assert told.awaited.done == 0
    assert asked.heeded  # else the page would never run again


def test_head_ranking_is_the_librarys(model, asked):
    told = head_analyses.head_ranking(model, PICTURE, 8)
    loaded = vitcore.load(model)
    assert isinstance(told, HeadRanking)
    expected = vitcore.head_importance(loaded, PICTURE.pixels[None], None, 8)
    np.testing.assert_allclose(told.effects.heads.probability, expected.heads.probability)
    shown = vitcore.predict(loaded, PICTURE.pixels[None], patch_size=8)[0]
    np.testing.assert_allclose(told.before, shown, atol=1e-5)
    assert told.class_index == shown.argmax()
    off = vitcore.Intervention(ablated_heads=((1, 0),))
    changed = vitcore.predict(loaded, PICTURE.pixels[None], patch_size=8, intervention=off)[0]
    np.testing.assert_allclose(told.heads[1, 0], changed, atol=1e-5)
    assert told.blocks.shape == (2, 10)
    other = head_analyses.head_ranking(model, PICTURE, 8, class_index=4)
    assert other.class_index == 4


def test_ranking_over_sketches_grows_to_the_whole(model, asked, monkeypatch):
    monkeypatch.setattr(head_analyses, "slice_size", lambda *_: 4)
    asked.late = lambda number, background: number > 2
    part = head_analyses.head_ranking_many(model, "sketch10", 8, pictures=10)
    assert isinstance(part, Gathered)
    assert (part.done, part.of, part.answer.pictures) == (8, 10, 8)
    asked.late = lambda *_: False
    whole = head_analyses.head_ranking_many(model, "sketch10", 8, pictures=10)
    assert (whole.done, whole.of) == (10, 10)
    images, labels, _ = sketch10(10)
    expected = vitcore.head_importance(vitcore.load(model), images, labels, 8)
    np.testing.assert_allclose(
        whole.answer.heads.probability, expected.heads.probability, atol=1e-6
    )
    np.testing.assert_allclose(whole.answer.blocks.accuracy, expected.blocks.accuracy)


def test_numbers_over_sketches_know_the_object(model, asked):
    told = head_analyses.numbers_many(model, "sketch10", 8, pictures=3)
    assert (told.done, told.answer.pictures) == (3, 3)
    images, _, masks = sketch10(3)
    loaded = vitcore.load(model)
    config, seen = loaded.config, vitcore.trace(loaded, images[2], patch_size=8)
    maps = vitcore.pooled_attention(
        seen.attention, pooling=config.pooling, num_prefix_tokens=config.num_prefix_tokens
    )
    expected = vitcore.object_attention(maps, masks[2], seen.grid)
    np.testing.assert_allclose(told.answer.on_object[2], expected, rtol=1e-4)
    assert told.answer.distance.shape == (3, 2, 2)


def test_numbers_of_one_picture_know_its_object_where_it_has_one(model, asked):
    images, _, masks = sketch10(1)
    sketch = Picture(images[0], "sketch10", 0, "airplane 0", "sketch", masks[0])
    one = head_analyses.numbers(model, sketch, 8)
    many = head_analyses.numbers_many(model, "sketch10", 8, pictures=1)
    np.testing.assert_allclose(one.on_object, many.answer.on_object)
    np.testing.assert_allclose(one.distance, many.answer.distance)
    assert np.isnan(head_analyses.numbers(model, PICTURE, 8).on_object).all()


def test_numbers_may_be_those_of_a_changed_pass(model, asked, monkeypatch):
    off, moved = vitcore.Intervention(ablated_heads=((0, 0),)), vitcore.Intervention(patches={0: 5})
    monkeypatch.setattr(
        client,
        "reading",
        lambda model, picture, size, intervention=None, slot=None: forward_pass.reading(
            model, (1,), picture.pixels, size, intervention
        ),
    )
    images, _, masks = sketch10(1)
    sketch = Picture(images[0], "sketch10", 0, "airplane 0", "sketch", masks[0])
    plain, told = (head_analyses.numbers(model, sketch, 8, intervention=i) for i in (None, off))
    loaded = vitcore.load(model)
    seen = vitcore.trace(loaded, images[0], patch_size=8, intervention=off)
    expected = vitcore.attention_distance(seen)
    np.testing.assert_allclose(told.distance[0], expected, rtol=1e-4)
    assert not np.allclose(told.distance, plain.distance)
    assert not np.isnan(told.on_object).any()
    assert np.isnan(head_analyses.numbers(model, sketch, 8, intervention=moved).on_object).all()


def test_nothing_known_yet_is_waited_for(model, asked):
    asked.late = lambda *_: True
    told = head_analyses.numbers_many(model, "sketch10", 8)
    assert (told.what, told.done) == (WAITING.what, 0)
    told = head_analyses.head_ranking(model, PICTURE, 8)
    assert (told.what, told.done) == (WAITING.what, 0)


def test_heads_are_switched_off_a_few_at_a_time(model, asked, monkeypatch):
    whole = head_analyses.head_ranking(model, PICTURE, 8)
    asked.keys.clear()
    monkeypatch.setattr(head_analyses, "batch_size", lambda _: 2)
    sliced = head_analyses.head_ranking(model, PICTURE, 8)
    assert len(asked.keys) == 4  # 1 + 2 * 2 + 2 ways
    np.testing.assert_allclose(sliced.heads, whole.heads, atol=1e-6)
    asked.keys.clear()
    asked.count, asked.late = 0, lambda number, _: number > 2
    assert head_analyses.head_ranking(model, PICTURE, 8).done == 0.5


def test_photographs_that_are_not_there_are_a_problem(model, asked, monkeypatch):
    monkeypatch.setattr(cifar10_setup.Gathering, "ready", False)
    told = head_analyses.numbers_many(model, "cifar10", 8)
    assert isinstance(told, Problem)
    assert "CIFAR-10" in told.what


@pytest.mark.parametrize("name", ["zzz", ""])
def test_a_model_that_is_not_there_is_a_problem(name):
    assert isinstance(attribution.maps(name, PICTURE, 8, 0), Problem)
    assert isinstance(attribution.tests(name, PICTURE, 8, []), Problem)


def test_maps_are_of_the_class_and_size_asked_for(model, asked):
    told = attribution.maps(model, PICTURE, 16, 7)
    assert isinstance(told, Maps)
    assert (told.class_index, told.patch_size, told.raw.shape) == (7, 16, (2, 2))
