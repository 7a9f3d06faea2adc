"""The prediction of each patch after each block, as words and two colors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from explorer.components.declared import declare
from explorer.components.packing import pack

_answers = declare("patch_predictions")


def answers_payload(
    seen: np.ndarray,
    shares: np.ndarray,
    grid: tuple[int, int],
    *,
    names: Sequence[str],
    coloured: tuple[int, int],
    file: str = "patches.png",
    rev: str = "",
) -> bytes:
    """What the browser needs to show any block and any patch without asking again.

    Args:
        seen: (gh*P, gw*P, 3) uint8, the model input.
        shares: (L+1, N, C) probabilities, at the embedding and after each block.
        grid: (rows, columns), N = rows * columns.
        names: of the C classes.
        coloured: the two classes that are told by color.
        file: name of its PNG.
        rev: what the drawn figure carries as `data-rev`, for tests in a browser.

    Raises:
        ValueError: if the shares do not fit the grid and the names.
    """
    if shares.ndim != 3 or shares.shape[1:] != (grid[0] * grid[1], len(names)):
        raise ValueError(
            f"probabilities must be (L+1, {grid[0] * grid[1]}, {len(names)}), got {shares.shape}"
        )
    header = {
        "grid": list(grid),
        "size": list(seen.shape[:2]),
        "places": len(shares),
        "names": list(names),
        "coloured": list(coloured),
        "file": file,
        "rev": rev,
    }
    return pack(
        "patch_predictions",
        header,
        rgb=np.ascontiguousarray(seen),
        shares=np.ascontiguousarray(shares, np.float32),
    )


def answers_by_patch(data: bytes, *, key: str) -> None:
    """Draw what `answers_payload` packed; the chosen block stays in the browser."""
    _answers(data, key=key)
