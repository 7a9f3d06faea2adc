"""Heads switched off one by one, many images at once, against one intervention at a time."""

import numpy as np
import pytest

from tests.vitcore.small_models import random_image, small_model
from vitcore import Intervention, head_importance, predict
from vitcore.inference import batch_size
from vitcore.tracing import predict_logits

PICTURES = np.stack([random_image(seed) for seed in range(3)])
CONFIGS = {"mean": {"num_heads": 4, "head_dim": 3}, "class": {"pooling": "class", "registers": 1}}


@pytest.fixture(scope="module", params=CONFIGS)
def model(request):
    return small_model(**CONFIGS[request.param])


@pytest.mark.parametrize("size", [8, 32])
def test_importance_is_that_of_one_intervention_after_the_other(model, size):
    classes = np.array([1, 5, 7])
    told = head_importance(model, PICTURES, classes, size)

    def measured(off):
        change = Intervention(ablated_heads=tuple(off))
        shown = predict(model, PICTURES, patch_size=size, intervention=change)
        return shown[range(3), classes].mean(), (shown.argmax(axis=1) == classes).mean()

    whole = measured(())
    assert told.before.probability == pytest.approx(whole[0], abs=1e-5)
    assert told.before.accuracy == whole[1]
    blocks, heads = model.config.depth, model.config.num_heads
    for block in range(blocks):
        for head in range(heads):
            change = np.subtract(measured([(block, head)]), whole)
            assert told.heads.probability[block, head] == pytest.approx(change[0], abs=1e-5)
            assert told.heads.accuracy[block, head] == pytest.approx(change[1])
        change = np.subtract(measured([(block, head) for head in range(heads)]), whole)
        assert told.blocks.probability[block] == pytest.approx(change[0], abs=1e-5)
    assert np.abs(told.heads.logit).min() > 0


def test_without_classes_the_model_is_asked_about_its_own_answer(model):
    told = head_importance(model, PICTURES, None, 8)
    shown = predict(model, PICTURES, patch_size=8)
    assert told.before.accuracy == 1
    assert told.before.probability == pytest.approx(shown.max(axis=1).mean(), abs=1e-5)


def test_progress_counts_images_to_the_end(model):
    seen = []
    head_importance(model, np.repeat(PICTURES, 15, axis=0), None, 32, progress=seen.append)
    assert seen == [20, 40, 45]


def test_each_image_of_a_batch_has_its_own_heads(model, rng):
    images = np.stack([random_image(seed) for seed in range(66)])  # more than one batch
    on = (rng.random((66, model.config.depth, model.config.num_heads)) < 0.5).astype(np.float32)
    together = predict_logits(model, images, patch_size=8, head_mask=on)
    change = Intervention(use_pos_embed=False, ablated_heads=((1, 0),))
    changed = predict_logits(model, images, patch_size=8, head_mask=on, intervention=change)
    on_and_off = on.copy()
    on_and_off[:, 1, 0] = 0
    for index in (0, 63, 64, 65):
        off = tuple(map(tuple, np.argwhere(on[index] == 0).tolist()))
        alone = predict_logits(
            model,
            images[index : index + 1],
            patch_size=8,
            intervention=Intervention(ablated_heads=off),
        )
        np.testing.assert_allclose(together[index], alone[0], atol=1e-5)
        off = tuple(map(tuple, np.argwhere(on_and_off[index] == 0).tolist()))
        alone = predict_logits(
            model,
            images[index : index + 1],
            patch_size=8,
            intervention=Intervention(ablated_heads=off, use_pos_embed=False),
        )
        np.testing.assert_allclose(changed[index], alone[0], atol=1e-5)


def test_all_heads_off_leave_a_class_token_with_one_answer_for_every_image():
    model = small_model(pooling="class")
    off = np.zeros((3, 2, 2), np.float32)
    told = predict_logits(model, PICTURES, patch_size=8, head_mask=off)
    np.testing.assert_allclose(told, np.broadcast_to(told[0], told.shape), atol=1e-6)


@pytest.mark.parametrize(
    ("tokens", "images"), [(1, 64), (64, 64), (65, 64), (121, 32), (256, 16), (9000, 1)]
)
def test_a_pass_is_short_however_many_tokens_an_image_has(tokens, images):
    assert batch_size(tokens) == images


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda model: head_importance(model, PICTURES[:0]), "images must not be empty"),
        (lambda model: head_importance(model, PICTURES, [1, 2]), r"classes must be 3 .* 0 to 9"),
        (lambda model: head_importance(model, PICTURES, [1, 2, 10]), "classes must be 3"),
        (
            lambda model: predict_logits(model, PICTURES, head_mask=np.ones((2, 2, 2))),
            r"head_mask must have shape \(3, 2, \d\), got \(2, 2, 2\)",
        ),
    ],
)
def test_what_does_not_fit_is_refused(model, ask, message):
    with pytest.raises(ValueError, match=message):
        ask(model)
