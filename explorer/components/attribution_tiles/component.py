"""Maps over the image side by side, each with its deletion and insertion curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from explorer.components.declared import declare
from explorer.components.packing import pack
from vitcore.intervention import DATASET_MEAN

_tiles = declare("attribution_tiles")


@dataclass(frozen=True, slots=True, kw_only=True)
class Faithfulness:
    """Deletion and insertion curves of a map, beside those of random order."""

    deletion: np.ndarray  # (K,) probability of the class
    insertion: np.ndarray  # (K,)
    areas: tuple[float, float]  # AUC of deletion and insertion
    chance: tuple[np.ndarray, np.ndarray]  # deletion and insertion in random order, (K,) each
    chance_areas: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One map."""

    name: str
    said: str  # its name in the readout, "relevance for cat"
    note: str  # a line below it
    values: np.ndarray | None  # (rows, columns); None while they are computed
    unit: Literal["number", "share", "relative"] = "number"  # share of one, or of the highest
    scale: tuple[str, ...] = ()  # below the bar of its colors, from low to high
    signed: bool = False  # whether it is drawn in two colors, centered on 0
    ends: tuple[str, str] | None = None  # the two, "first" to "third"; the theme's where None
    label: str = ""  # the class that `tested` follows
    tested: Faithfulness | None = None
    testing: bool = True  # whether there is, or will be, a `tested`


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Maps under one heading."""

    name: str
    tiles: tuple[Tile, ...]
    top: float = 1.0  # where the axes of its curves end
    untested: str = ""  # why there are no curves, where there are none


def tiles_payload(
    seen: np.ndarray,
    groups: Sequence[Group],
    *,
    shares: np.ndarray | None = None,
    tests: tuple[str, str] = ("", ""),
    awaited: str = "",
    progress: tuple[str, float] | None = None,
    file: str = "maps.png",
    rev: str = "",
) -> bytes:
    """What the browser needs to draw maps and follow the pointer without asking again.

    Args:
        seen: (gh*P, gw*P, 3) uint8, the model input.
        groups: at least one map in all, all over the same grid.
        shares: (K,) of patches masked at each point of the curves, where there are any.
        tests: headings of the deletion curves and of the insertion curves.
        awaited: what is being computed, where these maps are those before; they are dimmed.
        progress: what is being computed where some are missing, and the share done.
        file: name of its PNG.
        rev: what the drawn figure carries as `data-rev`, for tests in a browser.

    Raises:
        ValueError: without a map, or for maps over different grids.
    """
    tiles = [tile for group in groups for tile in group.tiles]
    grids = {tile.values.shape for tile in tiles if tile.values is not None}
    if len(grids) != 1:
        raise ValueError(f"maps must have the same grid, got {sorted(grids)}")
    grid = next(iter(grids))
    values = [np.zeros(grid) if tile.values is None else tile.values for tile in tiles]
    tested = [tile for tile in tiles if tile.tested is not None]
    numbers = {id(tile): number for number, tile in enumerate(tested)}
    header = {
        "grid": list(grid),
        "size": list(seen.shape[:2]),
        "mean": DATASET_MEAN.tolist(),
        "tests": list(tests),
        "awaited": awaited,
        "progress": list(progress) if progress else None,
        "file": file,
        "rev": rev,
        "groups": [
            {
                "name": group.name,
                "top": group.top,
                "untested": group.untested,
                "tiles": [_entry(tile, numbers.get(id(tile))) for tile in group.tiles],
            }
            for group in groups
        ],
    }
    arrays = {
        "rgb": np.ascontiguousarray(seen),
        "values": np.stack(values).astype(np.float32),
    }
    if tested and shares is not None:
        lines = [(t.tested.deletion, t.tested.insertion) for t in tested]
        arrays["shares"] = np.asarray(shares, np.float32)
        arrays["curves"] = np.array(lines, np.float32)  # (M, 2, K)
        arrays["chance"] = np.array([t.tested.chance for t in tested], np.float32)
    return pack("attribution_tiles", header, **arrays)


def map_tiles(data: bytes, *, key: str) -> None:
    """Draw what `tiles_payload` packed; hovering and opacity stay in the browser."""
    _tiles(data, key=key)


def _entry(tile: Tile, number: int | None) -> dict[str, Any]:
    values = np.zeros(1) if tile.values is None else tile.values
    # Below zero is drawn as nothing: one sequential map has no other end.
    low, high = max(0.0, float(values.min())), float(values.max())
    if tile.signed:
        low, high = 0.0, float(np.abs(values).max()) or 1.0
    elif values.size == 1 or high <= low:
        low = 0.0
    entry: dict[str, Any] = {
        "name": tile.name,
        "said": tile.said,
        "note": tile.note,
        "there": tile.values is not None,
        "unit": tile.unit,
        "scale": list(tile.scale),
        "signed": tile.signed,
        "ends": tile.ends and list(tile.ends),
        "class": tile.label,
        "low_": low,
        "high_": max(high, 1e-12),
        "tested": tile.testing,
        "curve": number,
    }
    if tile.tested is not None:
        entry |= {"areas": list(tile.tested.areas), "chances": list(tile.tested.chance_areas)}
    return entry
