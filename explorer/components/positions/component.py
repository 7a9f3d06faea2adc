"""Cosine similarity of position embeddings as tiles, for several encodings."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from explorer.components.declared import declare
from explorer.components.packing import cosines_as_codes, pack
from explorer.text.formatting import signed
from explorer.text.language import tr
from explorer.text.position_encodings import PositionEncoding
from vitcore.interpret.positions import similarity_spread

_positions = declare("positions", sends=("view",))


def positions_payload(
    image: np.ndarray,
    kinds: Sequence[PositionEncoding],
    *,
    asked: Mapping[str, Any] | None = None,
    rev: str = "",
) -> bytes:
    """What the browser needs to show any position in any encoding without asking again.

    Args:
        image: (gh*P, gw*P, 3) uint8, as the model sees it.
        kinds: at least one; the first is shown first. All over the same grid.
        asked: what a link asks for, from `state.asked`.
        rev: what the drawn figure carries as `data-rev`, for tests in a browser.

    Raises:
        ValueError: without a kind, or for kinds over different grids.
    """
    grids = {kind.similarity.shape for kind in kinds}
    if len(grids) != 1:
        raise ValueError(f"kinds must have the same grid, got {sorted(grids)}")
    rows, columns = next(iter(grids))[:2]
    header = {
        "grid": [rows, columns],
        "size": len(image),
        "start": (rows // 2) * columns + columns // 2,
        "kinds": [
            {"name": kind.name, "label": kind.label, "note": _note(kind), **_scale(kind)}
            for kind in kinds
        ],
        "asked": asked or {},
        "rev": rev,
    }
    count = rows * columns
    cosines = np.stack([kind.similarity.reshape(count, count) for kind in kinds])
    return pack(
        "positions",
        header,
        rgb=np.ascontiguousarray(image),
        cosines=cosines_as_codes(cosines),
    )


def positions(data: bytes, *, key: str, on_view: Callable[[], None]) -> None:
    """Draw what `positions_payload` packed.

    Args:
        data: the payload.
        key: of the element.
        on_view: called before the run in which the link says another encoding or color scale.
    """
    _positions(data, key=key, view=on_view)


def _scale(kind: PositionEncoding) -> dict[str, float]:
    """Mean cosine of two different positions, and how far most of them are from it."""
    mean, reach = similarity_spread(kind.similarity)
    return {"mean": round(mean, 4), "reach": round(max(reach, 0.01), 4)}


def _note(kind: PositionEncoding) -> str:
    if kind.single:
        return tr("1 position")
    if kind.correlation is None:
        return "r = –"
    return f"r = {signed(kind.correlation)}"
