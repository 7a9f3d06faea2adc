"""What the film of a training is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from explorer.client.snapshot_metrics import COMPONENTS, Looked, Weights, tiles_of
from explorer.client.snapshots import History
from explorer.components.packing import pack, rows_as_codes
from explorer.results import Failure
from explorer.selection import Selection
from explorer.text.names import class_names, shown_names
from vitcore.interpret.distance import distance_bounds
from vitcore.patches import model_input


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """What is known of the moments of a training; None where it is still to come."""

    history: History
    selection: Selection  # the image and the patch size; the model is each snapshot
    weights: Sequence[Weights | Failure | None]  # one per moment
    looks: Sequence[Looked | Failure | None]  # one per moment
    waiting: str = ""  # what is being done meanwhile

    @property
    def complete(self) -> bool:
        return None not in self.weights and None not in self.looks

    @property
    def order(self) -> np.ndarray:
        """Which component comes first, second and so on, in all moments alike: (K,).

        Of a training that is over those that are the strongest at its end come first.
        """
        known = [part for part in self.weights if isinstance(part, Weights)]
        if not known:
            return np.zeros(0, np.intp)
        explained = known[-1].components.explained
        if self.history.lives or None in self.weights:
            return np.arange(len(explained))
        return np.argsort(-explained, kind="stable")

    @property
    def savable(self) -> bool:
        """Whether there is a moment of which all is known."""
        pairs = zip(self.weights, self.looks, strict=True)
        return any(isinstance(w, Weights) and isinstance(k, Looked) for w, k in pairs)


def replay_payload(film: Film) -> bytes:
    """All moments known by now, a few thousand bytes each.

    Raises:
        ValueError: without a moment.
    """
    history = film.history
    if not history.moments:
        raise ValueError("a timeline must have a snapshot, got none")
    config, count = history.config, len(history.moments)
    side = config.grid_side(film.selection.patch_size)
    seen = model_input(
        film.selection.image.pixels, film.selection.patch_size, image_size=config.image_size
    )
    size = min(film.selection.patch_size, config.patch_embed_size)
    tiles = len(tiles_of(side))
    components = min(COMPONENTS, config.width, size * size * 3)
    codes, filters, shares = _weights(film, tiles**2, side**2, components, size)
    maps, tops, distance, answers = _looks(film.looks, config, side**2)
    even, _ = distance_bounds((side, side), (config.image_size,) * 2)
    per_epoch, steps = history.steps_per_epoch, [moment.step for moment in history.moments]
    header = {
        "steps": steps,
        "epochs": [
            round(moment.step / per_epoch, 2) if per_epoch else None for moment in history.moments
        ],
        "total": history.steps,
        "kept": steps.index(history.best_at) if history.best_at in steps else None,
        "lives": history.lives,
        "waiting": film.waiting,
        "size": len(seen),
        "grid": [side, side],
        "tiles": tiles,
        "S": size,
        "K": components,
        "blocks": config.depth,
        "heads": config.num_heads,
        "pooling": config.pooling,
        "positions": config.positions,
        "names": shown_names(class_names(config.classes)),
        "truth": film.selection.image.label,
        "even": round(even, 3),
        "closeness": [_closeness(one) for one in film.weights],
        "means": [round(w.spread[0], 4) if isinstance(w, Weights) else 0 for w in film.weights],
        "reach": _reach(film.weights),
        "brightest": _brightest(film.looks, config.depth, side**2),
        "weights": [_state(one) for one in film.weights],
        "looks": [_state(one) for one in film.looks],
    }
    header["rev"] = f"{count}-{header['weights'].count(1)}-{header['looks'].count(1)}"
    return pack(
        "timeline",
        header,
        rgb=seen,
        codes=codes,
        filters=filters,
        shares=shares,
        maps=maps,
        tops=tops,
        distance=distance,
        answers=answers,
    )


def _state(part: object) -> int | str:
    """1: known, 0: to come, a sentence: never."""
    return part.message if isinstance(part, Failure) else int(part is not None)


def _closeness(part: Weights | Failure | None) -> float | None:
    known = isinstance(part, Weights) and part.closeness is not None
    return round(part.closeness, 4) if known else None


def _reach(parts: Sequence[Weights | Failure | None]) -> float:
    """How far most cosines are from their mean at the moment where they are farthest."""
    there = [part.spread[1] for part in parts if isinstance(part, Weights)]
    return round(max([0.02, *there]), 4)


def _brightest(parts: Sequence[Looked | Failure | None], blocks: int, places: int) -> list[float]:
    """Of each block the largest share of a patch at any moment; twice an even one at least."""
    there = [part.maps.mean(axis=1).max(axis=-1) for part in parts if isinstance(part, Looked)]
    least = np.full(blocks, min(1.0, 2 / places))
    return [round(float(share), 5) for share in np.max([least, *there], axis=0)]


def _weights(
    film: Film, tiles: int, places: int, components: int, size: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cosines, component images and their shares of all moments; zeros where unknown."""
    parts, order = film.weights, film.order
    codes = np.zeros((len(parts), tiles, places), np.uint8)
    filters = np.zeros((len(parts), components, size, size, 3), np.uint8)
    shares = np.zeros((len(parts), components), np.float32)
    for number, part in enumerate(parts):
        if isinstance(part, Weights):
            if part.similarity is not None:
                codes[number] = part.similarity
            filters[number] = np.rint(255 * part.components.images[order])
            shares[number] = part.components.explained[order]
    return codes, filters, shares


def _looks(
    parts: Sequence[Looked | Failure | None], config: Any, places: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Maps as codes of their maxima, distances and answers of all moments; zeros where unknown."""
    shape = len(parts), config.depth, config.num_heads
    maps = np.zeros((*shape, places), np.uint8)
    tops, distance = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    answers = np.zeros((len(parts), config.classes), np.float32)
    for number, part in enumerate(parts):
        if isinstance(part, Looked):
            maps[number], tops[number] = rows_as_codes(part.maps)
            distance[number] = part.distance
            answers[number] = part.probabilities
    return maps, tops, distance, answers
