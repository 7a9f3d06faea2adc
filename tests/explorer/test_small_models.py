"""The small models that come with the app: what was measured, and what is said and drawn of it."""

import numpy as np
import pytest

from explorer.data.small_models import SmallModel, conditions, small_models
from explorer.figures.small_models import accuracy_by_images, accuracy_dots
from explorer.figures.style import palette
from explorer.text.small_model_findings import (
    ENCODINGS,
    NETWORKS,
    data_finding,
    encoding_finding,
)
from vitcore.bench.comparison import RUNS, part


def model(name, *test, images=50_000):
    return SmallModel(name, images, 200_000, test, (0.9,))


@pytest.fixture
def models():
    test = {"learned": 0.5, "sincos1d": 0.49, "sincos2d": 0.52, "none": 0.4, "class-token": 0.47}
    found = {name: model(name, value) for name, value in test.items()}
    for network, first in (("vit", 0.2), ("cnn", 0.3)):
        found[f"{network}-1%"] = model(f"{network}-1%", first, images=500)
        found[f"{network}-10%"] = model(f"{network}-10%", 0.35, images=5_000)
    return {**found, "cnn": model("cnn", 0.6, 0.7)}


def test_every_run_came_with_the_app():
    known = small_models()
    assert set(known) == set(RUNS)
    assert len({len(one.test_accuracy) for one in known.values()}) == 1
    for one in known.values():
        assert all(0.1 < share < 1 for share in one.test_accuracy)
    for names in NETWORKS.values():
        images = [known[name].images for name in names]
        assert images == [500, 5_000, 50_000]
    sizes = [known[names[-1]].parameters for names in NETWORKS.values()]
    assert max(sizes) < 1.1 * min(sizes)
    assert conditions()["steps"] > 0


def test_findings_say_the_means(models):
    said = encoding_finding(models)
    assert all(number in said for number in ("49%", "52%", "40%", "47%"))
    said = data_finding(models)
    assert all(number in said for number in ("500", "30%", "20%", "50,000", "65%", "50%"))


def test_dots_are_the_seeds_and_lines_their_means(models):
    figure = accuracy_dots({"CNN": models["cnn"], "ViT": models["learned"]}, colours=palette(None))
    *dots, lines = figure.data
    assert [list(one.x) for one in dots] == [[0.6, 0.7], [0.5]]
    np.testing.assert_allclose(lines.x, [0.65, 0.5])
    assert list(lines.y) == ["CNN", "ViT"]


def test_accuracy_is_drawn_against_the_number_of_images(models):
    lines = {name: [models[one] for one in names] for name, names in NETWORKS.items()}
    figure = accuracy_by_images(lines, colours=palette(None))
    assert [line.name for line in figure.data] == [
        "ViT, test", "ViT, training", "CNN, test", "CNN, training",
    ]  # fmt: skip
    assert list(figure.data[0].x) == [500, 5_000, 50_000]
    np.testing.assert_allclose(figure.data[2].y, [0.3, 0.35, 0.65])
    assert list(figure.data[3].y) == [0.9] * 3


def test_a_part_has_every_class_alike():
    labels = np.arange(1000) % 10
    rows = part(labels, 0.03)
    assert list(rows) == list(range(30))
    assert len(part(labels, 1.0)) == 1000
    assert set(ENCODINGS) <= set(RUNS)
