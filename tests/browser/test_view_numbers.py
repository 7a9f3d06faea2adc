"""What a saved view reads out in a browser, at every block, head and query, against the arrays."""

import base64

import numpy as np
import pytest

import vitcore
from tests.browser.view_stage import View, weights
from vitcore.interpret.rollout import rollout

# By the view's own code: each share (maps, queries, keys), then what `compute` draws of each
# query and key (tokens, maps, patches) and its maxima (tokens, maps).
READ = """(host) => {
    const { shares } = host.__vitView.model, maps = shares.blocks * shares.heads, values = [];
    const id = (token) => token < shares.prefix ? -1 - token : token - shares.prefix;
    for (let k = 0; k < maps; k++)
        for (let from = 0; from < shares.tokens; from++)
            for (let to = 0; to < shares.tokens; to++)
                values.push(shares.share(k, id(from), id(to)));
    for (const direction of ['from', 'to'])
        for (let token = 0; token < shares.tokens; token++) {
            shares.compute(id(token), direction);
            values.push(...shares.maps, ...shares.maxima);
        }
    const bytes = new Uint8Array(new Float32Array(values).buffer), letters = [];
    for (let i = 0; i < bytes.length; i += 4096)
        letters.push(String.fromCharCode(...bytes.subarray(i, i + 4096)));
    return btoa(letters.join(''));
}"""
SHAPES = [  # blocks, heads, grid, tokens before the patches
    (6, 3, (8, 8), 4),
    (12, 12, (3, 3), 1),
    (2, 3, (3, 5), 0),
    (3, 1, (5, 3), 5),
]


def as_drawn(attention):
    """(L, rows of maps, T, T): heads, their mean where there are several, and the rollout."""
    mean = attention.mean(axis=1, keepdims=True)
    flow = np.stack([rollout(attention[: block + 1]) for block in range(len(attention))])[:, None]
    parts = [attention, mean, flow] if attention.shape[1] > 1 else [attention, flow]
    return np.concatenate(parts, axis=1).astype(np.float64)


@pytest.mark.parametrize(("compact", "error"), [(False, 1e-3), (True, 4e-3)])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("sharpness", [0.3, 5.0])
def test_every_share_is_read_out_within_its_precision(
    offline_page, tmp_path, shape, compact, error, sharpness
):
    blocks, heads, grid, prefix = shape
    count, tokens = grid[0] * grid[1], prefix + grid[0] * grid[1]
    attention = weights(blocks, heads, tokens, sharpness=sharpness)
    image = np.zeros((*(8 * side for side in grid), 3), np.uint8)
    view = vitcore.show(attention, image, grid=grid, prefix=prefix, compact=compact)
    offline_page.goto(view.save(tmp_path / "view.html").as_uri())
    read = np.frombuffer(base64.b64decode(View(offline_page).host.evaluate(READ)), np.float32)

    expected = as_drawn(attention).reshape(-1, tokens, tokens)  # (maps, T, T)
    shares, drawn = np.split(read, [expected.size])
    shares = shares.reshape(expected.shape)
    np.testing.assert_allclose(shares, expected, atol=error, rtol=0)
    np.testing.assert_allclose(shares[..., :prefix], expected[..., :prefix], rtol=2e-4)

    drawn = drawn.reshape(2, tokens, -1)
    maps, maxima = np.split(drawn, [len(expected) * count], axis=-1)
    for got, wanted in zip(
        maps.reshape(2, tokens, len(expected), count),
        (expected.transpose(1, 0, 2), expected.transpose(2, 0, 1)),
        strict=True,
    ):
        np.testing.assert_allclose(got, wanted[..., prefix:], atol=error, rtol=0)

    # The strongest patch of each query: of a head as the array has it, else as float32 adds up.
    of_heads = np.arange(len(expected)) % (len(expected) // blocks) < heads
    strongest = expected[..., prefix:].max(axis=-1).T  # (T, maps)
    np.testing.assert_array_equal(maxima[0][:, of_heads], strongest[:, of_heads])
    np.testing.assert_allclose(maxima[0], strongest, rtol=1e-5)
    np.testing.assert_array_equal(shares[..., prefix:].max(axis=-1).T, maxima[0])
