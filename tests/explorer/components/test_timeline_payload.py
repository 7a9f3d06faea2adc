"""What the film is sent, read back, and how small it is."""

import dataclasses

import numpy as np
import pytest

from explorer.components.timeline.component import replay_payload
from explorer.results import Failure
from tests.explorer.small_trainings import make_film
from vitcore.config import PRESETS


@pytest.fixture
def film(tmp_path, image):
    return make_film(tmp_path / "run", image)


def test_every_moment_is_read_back(film, unpack):
    header, arrays = unpack(replay_payload(film))
    assert header["steps"] == [0, 5, 40]
    assert header["epochs"] == [0, 0.5, 4]
    assert (header["total"], header["blocks"], header["heads"]) == (40, 2, 2)
    assert header["weights"] == header["looks"] == [1, 1, 1]
    for number, (weights, looked) in enumerate(zip(film.weights, film.looks, strict=True)):
        np.testing.assert_array_equal(arrays["codes"][number], weights.similarity)
        images = weights.components.images[film.order]
        np.testing.assert_allclose(arrays["filters"][number] / 255, images, atol=1 / 509)
        maps = arrays["maps"][number] / 255 * arrays["tops"][number][..., None]
        np.testing.assert_allclose(maps, looked.maps, atol=float(looked.maps.max()) / 509)
        np.testing.assert_array_equal(arrays["answers"][number], looked.probabilities)
        np.testing.assert_array_equal(arrays["distance"][number], looked.distance)
        assert header["closeness"][number] == pytest.approx(weights.closeness, abs=1e-4)


def test_strongest_components_at_the_end_come_first_once_it_is_over(film, unpack):
    _, arrays = unpack(replay_payload(film))
    assert (np.diff(arrays["shares"][-1]) <= 0).all()
    assert (np.diff(arrays["shares"][0]) > 0).any()
    past = dataclasses.replace(film.history, lives=True)
    _, arrays = unpack(replay_payload(dataclasses.replace(film, history=past)))
    assert (np.diff(arrays["shares"][0]) <= 0).all()  # as they were at the beginning


def test_brightest_patch_of_any_moment_sets_the_scale_of_its_block(film, unpack):
    header, _ = unpack(replay_payload(film))
    for block in range(2):
        largest = max(float(looked.maps[block].mean(axis=0).max()) for looked in film.looks)
        assert header["brightest"][block] == pytest.approx(max(largest, 2 / 64), abs=1e-5)


def test_moments_to_come_and_moments_without_numbers_are_marked(film, unpack):
    film = dataclasses.replace(
        film,
        weights=[film.weights[0], Failure("No numbers.", ""), None],
        looks=[None, Failure("No numbers.", ""), film.looks[2]],
        waiting="Starting.",
    )
    assert not film.complete
    header, arrays = unpack(replay_payload(film))
    assert header["weights"] == [1, "No numbers.", 0]
    assert header["looks"] == [0, "No numbers.", 1]
    assert header["waiting"] == "Starting."
    assert not arrays["codes"][1:].any()
    assert not arrays["answers"][:2].any()


@pytest.mark.parametrize("patch_size", [2, 4, 8, 16, 32])
@pytest.mark.parametrize("preset", ["tiny", "article", "flexi", "plain"])
def test_a_moment_takes_few_bytes(tmp_path, image, preset, patch_size):
    config = PRESETS[preset]
    film = make_film(tmp_path / "run", image, patch_size=patch_size, config=config, kept=(0,))
    data = replay_payload(film)
    assert len(data) < 2 * 26_000 + 4_000


def test_same_film_gives_the_same_bytes(film):
    assert replay_payload(film) == replay_payload(film)


def test_film_without_moments_is_refused(film):
    past = dataclasses.replace(film.history, moments=())
    with pytest.raises(ValueError, match="must have a snapshot"):
        replay_payload(dataclasses.replace(film, history=past))
