"""One pass that predicts and shows everything, and what interventions do to it."""

import numpy as np
import pytest

from tests.vitcore import slow_vit
from tests.vitcore.small_models import random_image, small_model, weights_of
from vitcore import Intervention, patches
from vitcore.intervention import DATASET_MEAN
from vitcore.tracing import predict, predict_logits, trace


@pytest.fixture(scope="module")
def model():
    return small_model()


@pytest.fixture(scope="module")
def class_model():
    return small_model(pooling="class", registers=1)


@pytest.fixture(scope="module")
def image():
    return random_image()


@pytest.mark.parametrize("size", [3, 8, 32])
def test_trace_has_the_shapes_it_promises(class_model, image, size):
    result = trace(class_model, image, patch_size=size)
    side = class_model.config.grid_side(size)
    count = side**2 + 2
    assert (result.grid, result.num_prefix_tokens, result.patch_size) == ((side, side), 2, size)
    assert result.image.shape == (side * size, side * size, 3)
    assert result.image.dtype == np.uint8
    assert result.hidden_states.shape == (3, count, 16)
    assert result.attention.shape == (2, 2, count, count)
    assert result.queries.shape == result.keys.shape == result.values.shape == (2, 2, count, 8)
    assert result.patch_embeddings.shape == result.pos_embed.shape == (side**2, 16)
    assert result.logits.shape == result.probabilities.shape == (10,)
    assert len(result.blocks) == 2
    assert all(value.dtype == np.float32 for value in (result.hidden_states, result.attention))


def test_steps_are_those_of_their_block(class_model, image):
    result = trace(class_model, image, patch_size=4)
    for block, steps in enumerate(result.blocks):
        before, after = result.hidden_states[block : block + 2]
        np.testing.assert_allclose(before + steps["attention_out"], steps["residual1"], atol=1e-5)
        np.testing.assert_allclose(steps["residual1"] + steps["mlp_out"], after, atol=1e-5)
        np.testing.assert_array_equal(steps["weights"], result.attention[block])
        mixed = result.attention[block] @ result.values[block]
        np.testing.assert_allclose(steps["mixed"], mixed, atol=1e-5)
    assert list(result.blocks[0]) == [
        *("norm1", "queries", "keys", "values", "scores", "weights", "mixed"),
        *("attention_out", "residual1", "norm2", "mlp_hidden", "mlp_out"),
    ]


def test_attention_that_is_kept_alone_keeps_nothing_else(class_model, image):
    attention = trace(class_model, image, patch_size=4).attention
    owner = attention
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    assert owner.nbytes == attention.nbytes


@pytest.mark.parametrize("size", [4, 5])
def test_trace_is_the_papers_forward_pass(class_model, image, size):
    result = trace(class_model, image, patch_size=size)
    stream, attention, normed, logits = slow_vit.forward(
        class_model.config, weights_of(class_model), result.image, size
    )
    np.testing.assert_allclose(result.hidden_states, stream, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(result.attention, attention, atol=1e-5)
    np.testing.assert_allclose(result.last_hidden_state, normed, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(result.probabilities, slow_vit.softmax(logits), atol=1e-5)


def test_what_the_model_saw_is_the_resized_image(model, image):
    result = trace(model, image, patch_size=5)
    np.testing.assert_array_equal(result.image, patches.resize_image(image, 30))
    np.testing.assert_array_equal(result.image, patches.unpatchify(patches.patchify(image, 5)))


def test_rows_of_attention_sum_to_one(class_model, image):
    attention = trace(class_model, image, patch_size=4).attention
    assert (attention >= 0).all()
    np.testing.assert_allclose(attention.sum(axis=-1), 1, atol=1e-5)


def test_traced_numbers_explain_each_other(model, image):
    result = trace(model, image, patch_size=8)
    for index, block in enumerate(result.blocks):
        tokens, after = result.hidden_states[index], result.hidden_states[index + 1]
        np.testing.assert_allclose(tokens + block["attention_out"], block["residual1"], atol=1e-5)
        np.testing.assert_allclose(block["residual1"] + block["mlp_out"], after, atol=1e-5)
        scores = result.queries[index] @ result.keys[index].swapaxes(-1, -2) / np.sqrt(8)
        np.testing.assert_allclose(block["scores"], scores, atol=1e-4)
        mixed = result.attention[index] @ result.values[index]
        np.testing.assert_allclose(block["mixed"], mixed, atol=1e-5)
    np.testing.assert_allclose(
        result.patch_embeddings + result.pos_embed, result.hidden_states[0], atol=1e-6
    )


@pytest.mark.parametrize("registers", [0, 2])
def test_patch_logits_average_to_the_logits(image, registers):
    result = trace(small_model(registers=registers), image, patch_size=8)
    assert result.patch_logits.shape == (registers + 16, 10)
    mean = result.patch_logits[registers:].mean(axis=0)
    np.testing.assert_allclose(mean, result.logits, atol=1e-5)


def test_class_token_leaves_no_patch_logits(class_model, image):
    assert trace(class_model, image).patch_logits is None


def test_trace_and_predict_give_the_same_answer(model, image):
    for size in (None, 4, 11):
        told = predict(model, image[None], patch_size=size)
        np.testing.assert_allclose(
            trace(model, image, patch_size=size).probabilities, told[0], atol=1e-6
        )


def test_trace_at_the_models_own_patch_size_is_the_default(model, image):
    assert trace(model, image).patch_size == model.config.patch_size


def test_many_images_at_once_are_each_as_if_alone(model):
    images = np.stack([random_image(seed) for seed in range(70)])  # more than one batch
    together = predict_logits(model, images, patch_size=8)
    for index in (0, 1, 63, 64, 69):
        alone = predict_logits(model, images[index : index + 1], patch_size=8)
        np.testing.assert_allclose(together[index], alone[0], atol=1e-5)
    np.testing.assert_allclose(predict(model, images, patch_size=8).sum(axis=1), 1, atol=1e-6)


def test_no_image_gives_no_answer(model):
    assert predict(model, np.zeros((0, 32, 32, 3), np.uint8)).shape == (0, 10)


def test_other_image_sizes_are_resized_to_the_models(model, rng):
    large = rng.integers(0, 256, (2, 48, 64, 3), np.uint8)
    np.testing.assert_array_equal(
        predict(model, large), predict(model, patches.resize_image(large, 32))
    )


@pytest.mark.parametrize("size", [0, 33, -1, 4.5, 4.0, True, False, "4"])
def test_impossible_patch_size_is_refused_with_rule_and_value(model, image, size):
    for ask in (lambda: predict(model, image[None], patch_size=size),
                lambda: trace(model, image, patch_size=size)):  # fmt: skip
        with pytest.raises(ValueError, match="integer from 1 to 32") as caught:
            ask()
        assert str(caught.value).endswith(repr(size))


def test_numpy_whole_number_is_a_patch_size(model, image):
    np.testing.assert_array_equal(
        predict(model, image[None], patch_size=np.int64(8)),
        predict(model, image[None], patch_size=8),
    )


def test_one_image_floats_and_rgba_are_the_same_image(model, image):
    expected = predict(model, image[None])
    opaque = np.concatenate([image, np.full((*image.shape[:2], 1), 255, np.uint8)], axis=-1)
    for same in (image, image / 255, opaque):
        np.testing.assert_array_equal(predict(model, same), expected)
        np.testing.assert_array_equal(trace(model, same).image, image)


def test_several_images_have_no_trace(model, image):
    with pytest.raises(ValueError, match="one image, got 2"):
        trace(model, np.stack([image, image]))


def test_head_that_is_off_is_a_head_whose_output_is_not_projected(model, image):
    off = ((0, 1), (1, 0))
    changed = trace(model, image, patch_size=8, intervention=Intervention(ablated_heads=off))
    weights = weights_of(model)
    for block, head in off:
        weights[f"block_{block:02d}/attention/out_kernel"] = weights[
            f"block_{block:02d}/attention/out_kernel"
        ].copy()
        weights[f"block_{block:02d}/attention/out_kernel"][head * 8 : head * 8 + 8] = 0
    _, attention, _, logits = slow_vit.forward(model.config, weights, image, 8)
    np.testing.assert_allclose(changed.logits, logits, atol=1e-4)
    np.testing.assert_allclose(changed.attention, attention, atol=1e-5)
    assert not changed.blocks[0]["mixed"][1].any()
    assert changed.blocks[0]["mixed"][0].any()
    assert np.abs(changed.logits - trace(model, image, patch_size=8).logits).max() > 1e-3


def edited(image, size, changes):
    """The image with patches painted over by hand, in reading order."""
    seen = patches.model_input(image, size)
    result, side = seen.copy(), seen.shape[0] // size

    def place(number):
        row, column = number // side * size, number % side * size
        return slice(row, row + size), slice(column, column + size)

    for target, source in changes.items():
        result[place(target)] = DATASET_MEAN if source is None else seen[place(source)]
    return result


@pytest.mark.parametrize(
    ("size", "changes"),
    [
        (8, {3: None}),
        (8, {3: 7, 7: 3}),
        (8, {number: 15 - number for number in range(16)}),
        (4, {0: 63}),
        (5, {35: 0, 0: None}),
        (32, {0: None}),
    ],
)
def test_changed_patches_are_a_changed_image(model, image, size, changes):
    result = trace(model, image, patch_size=size, intervention=Intervention(patches=changes))
    expected = edited(image, size, changes)
    np.testing.assert_array_equal(result.image, expected)
    # Already of the model's side, so it is seen as it is.
    if expected.shape[0] == 32:
        told = predict(model, expected[None], patch_size=size)[0]
        np.testing.assert_allclose(result.probabilities, told, atol=1e-6)


def test_changes_hold_for_every_image_of_a_batch(model):
    images = np.stack([random_image(seed) for seed in range(3)])
    change = Intervention(patches={1: None, 2: 5}, ablated_heads=((0, 0),), use_pos_embed=False)
    together = predict(model, images, patch_size=8, intervention=change)
    for index, one in enumerate(images):
        alone = trace(model, one, patch_size=8, intervention=change).probabilities
        np.testing.assert_allclose(together[index], alone, atol=1e-6)


def test_positions_left_out_are_positions_of_zero(model, image):
    changed = trace(model, image, patch_size=8, intervention=Intervention(use_pos_embed=False))
    weights = weights_of(model)
    weights["positions"] = np.zeros_like(weights["positions"])
    _, _, _, logits = slow_vit.forward(model.config, weights, image, 8)
    np.testing.assert_allclose(changed.logits, logits, atol=1e-4)
    assert not changed.pos_embed.any()
    np.testing.assert_allclose(changed.hidden_states[0], changed.patch_embeddings, atol=1e-6)


@pytest.mark.parametrize("pooling", ["mean", "class"])
def test_without_positions_the_order_of_patches_does_not_matter(image, pooling, rng):
    model = small_model(pooling=pooling)
    order = rng.permutation(16).tolist()
    shuffled = dict(enumerate(order))

    def answer(positions, changes):
        change = Intervention(use_pos_embed=positions, patches=changes)
        return predict(model, image[None], patch_size=8, intervention=change)

    np.testing.assert_allclose(answer(False, shuffled), answer(False, {}), atol=1e-5)
    assert np.abs(answer(True, shuffled) - answer(True, {})).max() > 1e-3


def test_no_change_is_no_intervention(model, image):
    plain = trace(model, image, patch_size=4)
    same = trace(model, image, patch_size=4, intervention=Intervention())
    np.testing.assert_array_equal(plain.logits, same.logits)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ablated_heads": ((2, 0),)}, r"blocks 0 to 1 and heads 0 to 1, got \(2, 0\)"),
        ({"ablated_heads": ((0, -1),)}, r"blocks 0 to 1 and heads 0 to 1, got \(0, -1\)"),
        ({"patches": {16: None}}, "from 0 to 15, got 16"),
        ({"patches": {0: 99}}, "from 0 to 15, got 99"),
        ({"patches": {-1: 0}}, "from 0 to 15, got -1"),
    ],
)
def test_change_of_what_is_not_there_is_refused(model, image, change, message):
    with pytest.raises(ValueError, match=message):
        trace(model, image, patch_size=8, intervention=Intervention(**change))


@pytest.mark.parametrize("run", [predict, trace])
def test_what_is_no_model_or_no_intervention_is_refused(model, image, run):
    with pytest.raises(TypeError, match="got NoneType"):
        run(None, image)
    with pytest.raises(TypeError, match="got dict"):
        run(model, image, intervention={})


def test_answer_follows_weights_that_change(image):
    # A model in training is asked while it learns: nothing of it may be frozen by compiling.
    model = small_model()
    before = predict(model, image[None])
    model.head.bias.assign(np.arange(10))
    assert np.abs(predict(model, image[None]) - before).max() > 0.1


def test_frozen_trace_is_the_same_trace(class_model, image):
    change = Intervention(ablated_heads=((0, 1),))
    plain = trace(class_model, image, patch_size=8, intervention=change)
    frozen = trace(class_model, image, patch_size=8, intervention=change, frozen=True)
    np.testing.assert_allclose(frozen.attention, plain.attention, atol=1e-6)
    np.testing.assert_allclose(frozen.hidden_states, plain.hidden_states, atol=1e-4)
    np.testing.assert_allclose(frozen.probabilities, plain.probabilities, atol=1e-6)


def test_frozen_trace_keeps_the_weights_of_its_first_time(image):
    model = small_model()
    before = trace(model, image, frozen=True).logits
    model.head.bias.assign_add(np.ones(10, np.float32))
    np.testing.assert_array_equal(trace(model, image, frozen=True).logits, before)
    np.testing.assert_allclose(trace(model, image).logits, before + 1, atol=1e-5)


@pytest.mark.parametrize(
    "heads", [(0, 1), "0,1", 3, ((0, 1, 2),), (("0", "1"),), ((0.5, 1),), ((True, 0),)]
)
def test_heads_that_are_no_pairs_are_refused(heads):
    with pytest.raises(ValueError, match="pairs"):
        Intervention(ablated_heads=heads)
