"""Plain Keras code of the pages: it runs, and computes what the library computes."""

import numpy as np
import pytest

import vitcore
from vitcore.examples.data import input_pipeline
from vitcore.examples.encoder_decoder import three_uses
from vitcore.examples.self_attention import attention, multi_head_attention
from vitcore.examples.training import compile_and_fit
from vitcore.examples.vit import vit

RNG = np.random.default_rng(0)


def test_whole_model_has_as_many_parameters_as_the_article():
    assert vit().count_params() == 507_210


def test_whole_model_with_the_weights_of_ours_gives_the_same_logits():
    sizes = {"width": 16, "depth": 2, "num_heads": 2, "head_dim": 4, "mlp_dim": 24}
    config = vitcore.ViTConfig(**sizes, gelu="exact", layer_norm_eps=1e-3)
    ours = vitcore.build(config, seed=0)
    for variable in ours.trainable_variables:  # none is zero or one any more
        variable.assign(variable + RNG.normal(0, 0.1, variable.shape))
    weights = {name: np.asarray(value) for name, value in ours.weights_by_name().items()}
    plain = vit(width=16, depth=2, num_heads=2, head_dim=4, mlp_dim=24)
    plain.set_weights(list(in_the_order_of_plain_keras(weights, config)))
    images = RNG.integers(0, 256, (3, 32, 32, 3)).astype(np.float32)
    expected = np.asarray(ours(images))
    np.testing.assert_allclose(np.asarray(plain(images / 127.5 - 1)), expected, atol=1e-4)


def in_the_order_of_plain_keras(weights, config):
    yield weights["patch_embedding/kernel"]
    yield weights["patch_embedding/bias"]
    yield weights["positions"].reshape(1, -1, config.width)
    heads = (config.num_heads, config.d)
    for block in range(config.depth):
        part = {name.removeprefix(f"block_{block:02d}/"): value for name, value in weights.items()}
        yield part["norm1/scale"]
        yield part["norm1/offset"]
        kernels = np.split(part["attention/qkv_kernel"], 3, axis=1)
        biases = np.split(part["attention/qkv_bias"], 3)
        for kernel, bias in zip(kernels, biases, strict=True):
            yield kernel.reshape(config.width, *heads)
            yield bias.reshape(heads)
        yield part["attention/out_kernel"].reshape(*heads, config.width)
        yield part["attention/out_bias"]
        yield part["norm2/scale"]
        yield part["norm2/offset"]
        yield from (part[f"mlp/{name}"] for name in ("hidden_kernel", "hidden_bias"))
        yield from (part[f"mlp/{name}"] for name in ("out_kernel", "out_bias"))
    yield from (weights[name] for name in ("norm/scale", "norm/offset"))
    yield from (weights[name] for name in ("head/kernel", "head/bias"))


def test_the_input_pipeline_keeps_every_image_once_with_its_label():
    images = np.repeat(np.arange(30, dtype=np.uint8), 12).reshape(30, 2, 2, 3)
    labels = np.arange(30) % 10
    whole = list(input_pipeline(images, labels, batch_size=8, training=False))
    assert [len(batch) for batch, _ in whole] == [8, 8, 8, 6]
    np.testing.assert_array_equal(np.concatenate([batch for batch, _ in whole]), images)
    one_hot = np.concatenate([one for _, one in whole])
    np.testing.assert_array_equal(one_hot, np.eye(10)[labels])
    trained = list(input_pipeline(images, labels, batch_size=8, training=True))
    constant = np.concatenate([np.asarray(batch) for batch, _ in trained])
    told = np.concatenate([np.asarray(one).argmax(-1) for _, one in trained])
    seen = constant[:, 0, 0, 0].round().astype(int)  # an image of one color stays one
    assert sorted(seen) == list(range(30))
    np.testing.assert_array_equal(told, seen % 10)


def test_context_vectors_are_weighted_sums_of_values():
    queries, keys, values = RNG.normal(size=(3, 4, 2))
    contexts, weights = attention(queries, keys, values)
    for i in range(4):
        scores = [queries[i] @ keys[j] / 2**0.5 for j in range(4)]
        shares = np.exp(scores) / np.sum(np.exp(scores))
        np.testing.assert_allclose(np.asarray(weights)[i], shares, rtol=1e-5)
        np.testing.assert_allclose(np.asarray(contexts)[i], shares @ values, rtol=1e-5)


def test_heads_are_concatenated_and_projected():
    tokens = RNG.normal(size=(4, 6)).astype(np.float32)
    heads = [tuple(RNG.normal(size=(3, 6, 2)).astype(np.float32)) for _ in range(3)]
    w_out = RNG.normal(size=(6, 5)).astype(np.float32)
    expected = sum(
        np.asarray(attention(tokens @ q, tokens @ k, tokens @ v)[0]) @ w_out[2 * h : 2 * h + 2]
        for h, (q, k, v) in enumerate(heads)
    )
    found = np.asarray(multi_head_attention(tokens, heads, w_out))
    np.testing.assert_allclose(found, expected, atol=1e-5)


def slow_attention(queries, keys, layer, *, causal=False):
    """A Keras attention layer, query by query in NumPy: (n, D), (m, D) -> (n, D)."""
    wq, bq, wk, bk, wv, bv, wo, bo = (np.asarray(w) for w in layer.get_weights())
    out = np.tile(bo, (len(queries), 1)).astype(float)
    for head in range(wq.shape[1]):
        k, v = keys @ wk[:, head] + bk[head], keys @ wv[:, head] + bv[head]
        for i, token in enumerate(queries):
            scores = k @ (token @ wq[:, head] + bq[head]) / wq.shape[2] ** 0.5
            if causal:
                scores[i + 1 :] = -np.inf
            shares = np.exp(scores - scores.max())
            out[i] += shares / shares.sum() @ v @ wo[head]
    return out


def test_three_uses_of_attention_differ_in_queries_keys_and_mask():
    model = three_uses(num_heads=2, head_dim=4, width=8)
    model.set_weights([RNG.normal(0, 0.5, w.shape) for w in model.get_weights()])
    inputs, outputs = (RNG.normal(size=(1, n, 8)).astype(np.float32) for n in (5, 3))
    encoded, decoded, read = (np.asarray(one)[0] for one in model([inputs, outputs]))
    layer = model.get_layer
    wanted = slow_attention(inputs[0], inputs[0], layer("self_attention"))
    np.testing.assert_allclose(encoded, wanted, atol=1e-6)
    wanted = slow_attention(outputs[0], outputs[0], layer("masked_self_attention"), causal=True)
    np.testing.assert_allclose(decoded, wanted, atol=1e-6)
    wanted = slow_attention(decoded, encoded, layer("cross_attention"))
    np.testing.assert_allclose(read, wanted, atol=1e-6)


# Keras' own: NumPy 2 asks for `copy` where Keras reads the optimizer's learning rate.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_training_runs_and_reports_what_the_article_draws():
    images = RNG.normal(size=(20, 32, 32, 3)).astype(np.float32)
    labels = np.eye(10, dtype=np.float32)[np.arange(20) % 10]
    model = vit(patch_size=16, width=8, depth=1, num_heads=1, head_dim=8, mlp_dim=8)
    from keras.utils import PyDataset

    class Batches(PyDataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return images[10 * index :][:10], labels[10 * index :][:10]

    before = np.asarray(model.get_weights()[0])
    history = compile_and_fit(model, Batches(), Batches(), epochs=1).history
    assert {"loss", "accuracy", "top5", "val_loss", "val_accuracy", "val_top5"} <= history.keys()
    assert not np.allclose(before, model.get_weights()[0])
