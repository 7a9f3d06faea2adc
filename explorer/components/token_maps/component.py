"""Patch tokens compared after each block: cosine similarity and principal components."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from explorer.components.declared import declare
from explorer.components.packing import cosines_as_codes, pack
from vitcore.interpret.positions import similarity_spread

_token_maps = declare("token_maps", sends=("view",))


def token_maps_payload(
    image: np.ndarray,
    grid: tuple[int, int],
    similarity: np.ndarray,
    components: np.ndarray,
    explained: np.ndarray,
    *,
    asked: Mapping[str, Any] | None = None,
    rev: str = "",
) -> bytes:
    """What the browser needs to show any patch after any block without asking again.

    Args:
        image: (gh*P, gw*P, 3) uint8, as the model sees it.
        grid: (gh, gw), N = gh * gw.
        similarity: (L+1, N, N) cosines.
        components: (L+1, N, 3) scores on the first principal components.
        explained: (L+1, 3) explained variance ratios.
        asked: what a link asks for, from `state.asked`.
        rev: what the drawn figure carries as `data-rev`, for tests in a browser.
    """
    rows, columns = grid
    spreads = [similarity_spread(one.reshape(*grid, *grid)) for one in similarity]
    header = {
        "grid": [rows, columns],
        "size": len(image),
        "start": (rows // 2) * columns + columns // 2,
        "means": [round(mean, 4) for mean, _ in spreads],
        "reaches": [round(max(reach, 0.01), 4) for _, reach in spreads],
        "explained": [[round(float(ratio), 4) for ratio in block] for block in explained],
        "asked": asked or {},
        "rev": rev,
    }
    return pack(
        "token_maps",
        header,
        rgb=np.ascontiguousarray(image),
        cosines=cosines_as_codes(similarity),
        colors=component_colors(components),
    )


def token_maps(data: bytes, *, key: str, on_view: Callable[[], None]) -> None:
    """Draw what `token_maps_payload` packed.

    Args:
        data: the payload.
        key: of the element.
        on_view: called before the run in which the link says another block or color scale.
    """
    _token_maps(data, key=key, view=on_view)


def component_colors(scores: np.ndarray) -> np.ndarray:
    """Three scores as red, green and blue, each from its lowest to its highest in a block.

    Args:
        scores: (L+1, N, 3).

    Returns:
        (L+1, N, 3) uint8; 128 where a component does not vary.
    """
    low, high = scores.min(axis=1, keepdims=True), scores.max(axis=1, keepdims=True)
    middle = np.full(scores.shape, 0.5)
    shares = np.divide(scores - low, high - low, out=middle, where=high - low > 1e-9)
    return np.rint(255 * shares).astype(np.uint8)
