"""The image split into patches; one patch with its RGB values and its embedding."""

import numpy as np

from explorer.components.declared import declare
from explorer.components.packing import pack
from explorer.text.language import tr

_patches = declare("patches")
_SHOWN = 0.97  # quantile of the magnitudes at which a bar reaches the edge; longer are clipped


def patches_payload(
    patches: np.ndarray,
    embedding: np.ndarray | None,
    *,
    rev: str = "",
) -> bytes:
    """What the browser needs to follow any patch without asking again.

    Args:
        patches: (gh, gw, P, P, 3) uint8, as the model sees them.
        embedding: (gh, gw, D) patch embeddings, before position embeddings are added, or None.
        rev: what the drawn figure carries as `data-rev`, for tests in a browser.

    Raises:
        ValueError: for another shape or type.
    """
    if patches.ndim != 5 or patches.shape[-1] != 3 or patches.dtype != np.uint8:
        raise ValueError(
            f"patches must be (gh, gw, P, P, 3) uint8, got {patches.shape} {patches.dtype}"
        )
    rows, columns, size = patches.shape[:3]
    count, values = rows * columns, 3 * size * size
    image = patches.transpose(0, 2, 1, 3, 4).reshape(rows * size, columns * size, 3)
    arrays = {"rgb": np.ascontiguousarray(image)}
    header: dict[str, object] = {
        "grid": [rows, columns],
        "P": size,
        "start": (rows // 2) * columns + columns // 2,
        "rev": rev,
    }
    captions = [
        f"`({rows * size}, {columns * size}, 3)`",
        f"`({count}, {size}, {size}, 3)`",
        f"`({size}, {size}, 3)`",
        f"`({values},)`",
    ]
    if embedding is not None:
        if embedding.shape[:2] != (rows, columns):
            raise ValueError(f"embedding must be ({rows}, {columns}, D), got {embedding.shape}")
        width = embedding.shape[-1]
        magnitudes = np.abs(embedding)
        shown = float(np.quantile(magnitudes, _SHOWN)) or float(magnitudes.max()) or 1.0
        arrays["embedding"] = np.ascontiguousarray(embedding.reshape(count, width), np.float32)
        header |= {"width": width, "shown": shown}
    captions += [
        tr("{shape} before the position embedding", shape=f"`({width},)`")
        if embedding is not None
        else "",
        f"`({count}, {width if embedding is not None else values})`",
    ]
    return pack("patches", {**header, "captions": captions}, **arrays)


def patches(data: bytes, *, key: str) -> None:
    """Draw what `patches_payload` packed; the pinned patch stays in the browser."""
    _patches(data, key=key)
