"""Occlusion and deletion_insertion on small models, against one image at a time."""

import numpy as np
import pytest

from tests.vitcore.small_models import random_image, small_model
from vitcore import Intervention, deletion_insertion, occlusion, patches, predict
from vitcore.tracing import predict_logits

CONFIGS = {"mean": {}, "class": {"pooling": "class", "registers": 1}}


@pytest.fixture(scope="module", params=CONFIGS)
def model(request):
    return small_model(**CONFIGS[request.param])


def without(model, image, erased, size):
    change = Intervention(patches=dict.fromkeys(erased))
    return predict_logits(model, image[None], patch_size=size, intervention=change)[0]


@pytest.mark.parametrize("size", [8, 11, 32])
@pytest.mark.parametrize("of", ["logit", "probability"])
def test_occlusion_is_that_of_erasing_one_patch_after_the_other(model, size, of):
    image, side = random_image(), model.config.grid_side(size)
    told = occlusion(model, image, 3, size, of=of)

    def value(erased):
        logits = without(model, image, erased, size)
        return logits[3] if of == "logit" else (np.exp(logits) / np.exp(logits).sum())[3]

    expected = [[value(()) - value([r * side + c]) for c in range(side)] for r in range(side)]
    np.testing.assert_allclose(told, expected, atol=1e-5)
    assert np.abs(told).max() > 1e-4


def test_a_window_erases_what_is_around_a_patch(model):
    image = random_image()
    told = occlusion(model, image, 1, 8, window=3)
    around = [0, 1, 4, 5]  # of the patch at the upper left
    expected = without(model, image, (), 8)[1] - without(model, image, around, 8)[1]
    assert told[0, 0] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("size", [8, 11, 32])
def test_curves_are_those_of_erasing_by_hand(model, size, rng):
    image, side = random_image(), model.config.grid_side(size)
    count = side * side
    maps = rng.normal(size=(2, side, side))
    told = deletion_insertion(model, image, maps, 4, size, points=4)
    assert told.deletion.shape == told.insertion.shape == (3, len(told.shares))
    for row, one in enumerate(maps):
        order = np.argsort(-one.reshape(-1))
        for point, share in enumerate(told.shares):
            step = round(share * count)
            for curve, erased in ((told.deletion, order[:step]), (told.insertion, order[step:])):
                change = Intervention(patches=dict.fromkeys(erased.tolist()))
                shown = predict(model, image[None], patch_size=size, intervention=change)
                assert curve[row, point] == pytest.approx(shown[0, 4], abs=1e-5)
    # Both begin and end with the same two images, whatever the order.
    np.testing.assert_allclose(told.deletion[:, 0], told.insertion[:, -1])
    np.testing.assert_allclose(told.deletion[:, -1], told.insertion[:, 0])


def test_images_of_another_size_are_erased_as_the_model_sees_them(model, rng):
    large = rng.integers(0, 256, (48, 64, 3), np.uint8)
    told = occlusion(model, large, 0, 8)
    np.testing.assert_array_equal(told, occlusion(model, patches.resize_image(large, 32), 0, 8))


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda model: occlusion(model, random_image(), 10, 8), r"0 to 9, got 10"),
        (lambda model: occlusion(model, random_image(), 0, 33), r"1 to 32 .* got 33"),
        (lambda model: occlusion(model, random_image(), 0, 8, window=5), r"1 to 4 .* got 5"),
        (lambda model: occlusion(model, random_image(), 0, 8, of="loss"), "got 'loss'"),
        (
            lambda model: deletion_insertion(model, random_image(), np.ones((1, 4, 5)), 0, 8),
            r"\(M, 4, 4\), got \(1, 4, 5\)",
        ),
    ],
)
def test_what_does_not_fit_is_refused(model, ask, message):
    with pytest.raises(ValueError, match=message):
        ask(model)
