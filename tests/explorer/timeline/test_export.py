"""The film as a file: as many frames as moments, each with its panels, small enough to send."""

import dataclasses
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from explorer.figures.style import palette
from explorer.results import Failure
from explorer.timeline.export import animated
from tests.explorer.small_trainings import make_film
from tests.vitcore.small_models import small_config

COLOURS = palette("light")


def frames(data):
    file = Image.open(BytesIO(data))
    shown = []
    for number in range(file.n_frames):
        file.seek(number)
        shown.append(np.asarray(file.convert("RGB")).astype(int))
    return shown


@pytest.mark.parametrize("kind", ["webp", "gif"])
def test_each_moment_is_a_frame(tmp_path, image, kind):
    shown = frames(animated(make_film(tmp_path / "run", image), kind, COLOURS))
    assert len(shown) == 3
    assert {frame.shape for frame in shown} == {(300, 964, 3)}
    for panel in range(4):  # each of them moves
        left = 20 + panel * 236
        first, last = (frame[44:260, left : left + 216] for frame in (shown[0], shown[-1]))
        assert np.abs(first - last).max() > 30


def test_answer_is_drawn_as_long_as_it_is_likely(tmp_path, image):
    film = make_film(tmp_path / "run", image)
    sure = dataclasses.replace(film.looks[0], probabilities=np.eye(10, dtype=np.float32)[6])
    film = dataclasses.replace(film, looks=[sure] * 3)
    frame = frames(animated(film, "webp", COLOURS))[0]
    wanted = [int(COLOURS.first[at : at + 2], 16) for at in (1, 3, 5)]
    row = frame[round(44 + 6.5 * 21.6)]
    marked = np.abs(row - wanted).max(axis=-1) < 40
    assert 90 <= marked[728:].sum() <= 110


def test_moments_that_are_not_known_are_left_out(tmp_path, image):
    film = make_film(tmp_path / "run", image)
    weights = [*film.weights[:2], Failure("No numbers.", "")]
    film = dataclasses.replace(film, weights=weights, looks=[None, *film.looks[1:]])
    assert len(frames(animated(film, "gif", COLOURS))) == 1
    nothing = dataclasses.replace(film, looks=[None] * 3)
    with pytest.raises(ValueError, match="a known snapshot"):
        animated(nothing, "gif", COLOURS)


def test_model_without_positions_and_one_token_is_drawn_too(tmp_path, image):
    config = small_config(positions="none", classes=12)
    film = make_film(tmp_path / "run", image, patch_size=32, config=config)
    selection = dataclasses.replace(film.selection, image=dataclasses.replace(image, label=None))
    film = dataclasses.replace(film, selection=selection)
    assert len(frames(animated(film, "webp", palette("dark")))) == 3


def test_long_film_is_a_few_megabytes_at_most(tmp_path, image):
    film = make_film(tmp_path / "run", image, kept=tuple(range(24)))
    for kind in ("webp", "gif"):
        assert len(animated(film, kind, COLOURS)) < 4_000_000


def test_another_kind_is_refused(tmp_path, image):
    with pytest.raises(ValueError, match="webp, gif"):
        animated(make_film(tmp_path / "run", image), "mp4", COLOURS)
