"""Deletion and insertion: does the answer follow the patches that a map calls important?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from vitcore.inference import probabilities
from vitcore.interpret.occlusion import masked_logits, model_view


@dataclass(frozen=True, slots=True)
class CurvePlan:
    """The images that curves need, each once, and where each point finds its own."""

    erased: np.ndarray  # (n, N) bool, sets of erased patches, all different
    steps: np.ndarray  # (K,) int, patches erased or added, from 0 to N
    deletion: np.ndarray  # (M, K) int, row of `erased` for each order and step
    insertion: np.ndarray  # (M, K) int
    maps: int  # the first orders, one each; the others are random


@dataclass(frozen=True, slots=True)
class Curves:
    """How probable a class stays as patches go, and becomes as patches come.

    One row for each map, and a last one for random order, the mean of the plan's random orders.
    A map is good if its deletion falls early (small area) and its insertion rises early (large
    area); random order says what is worth nothing.
    """

    shares: np.ndarray  # (K,) float64, share of patches erased or added, 0 to 1
    deletion: np.ndarray  # (M, K) float64, probability of the class, most important erased first
    insertion: np.ndarray  # (M, K) float64, the same added to an empty image
    deletion_area: np.ndarray  # (M,) float64, under each curve by trapezoids, 0 to 1
    insertion_area: np.ndarray  # (M,) float64


def ranking(maps: np.ndarray) -> np.ndarray:
    """Patches by a map's value, the highest first; ties in reading order.

    Args:
        maps: (M, ...) numbers per patch.

    Returns:
        (M, N) int.
    """
    maps = np.asarray(maps)
    return np.argsort(-maps.reshape(len(maps), -1), axis=1, kind="stable")


def plan_curves(
    maps: np.ndarray, *, points: int = 17, random_pairs: int = 1, seed: int = 0
) -> CurvePlan:
    """Which images the deletion and insertion curves of some maps need.

    A random order comes with its reverse: deleting by one shows the very images that inserting
    by the other shows, so that the second costs nothing and halves the chance in the first.

    Args:
        maps: (M, rows, columns), the patches' importance.
        points: of each curve, at least 2; fewer where there are fewer patches.
        random_pairs: random orders to compare with, each with its reverse, at least 1.
        seed: of the random orders.

    Raises:
        ValueError: for another shape or number.

    Source: Petsiuk et al. 2018 (RISE), section 4.3, https://arxiv.org/abs/1806.07421
    """
    maps = np.asarray(maps)
    if maps.ndim != 3:
        raise ValueError(f"maps must have shape (M, rows, columns), got {maps.shape}")
    if points < 2 or random_pairs < 1:
        raise ValueError(f"points must be >= 2 and random_pairs >= 1, got {points}, {random_pairs}")
    count = maps.shape[1] * maps.shape[2]
    rng = np.random.default_rng(seed)
    chance = [rng.permutation(count) for _ in range(random_pairs)]
    orders = np.stack([*ranking(maps), *(o for one in chance for o in (one, one[::-1]))])
    steps = np.unique(np.rint(np.linspace(0, count, points)).astype(int))

    ranks = np.argsort(orders, axis=1)[:, None, :]  # (M, 1, N), place of each patch in the order
    gone = ranks < steps[:, None]  # (M, K, N)
    both = np.concatenate([gone, ~gone]).reshape(-1, count)
    _, first, places = np.unique(
        np.packbits(both, axis=1), axis=0, return_index=True, return_inverse=True
    )
    deletion, insertion = places.reshape(2, len(orders), len(steps))
    return CurvePlan(both[first], steps, deletion, insertion, len(maps))


def curves(plan: CurvePlan, logits: np.ndarray, *, class_index: int) -> Curves:
    """The curves of a plan, from the model's answers to its images.

    Args:
        plan: from `plan_curves`.
        logits: (n, C), one row for each set of `plan.erased`.
        class_index: the class whose probability is followed.

    Raises:
        ValueError: if there is not one answer for each set.
    """
    if len(logits) != len(plan.erased):
        raise ValueError(
            f"logits must have one row per set of patches ({len(plan.erased)}), got {len(logits)}"
        )
    told = probabilities(np.asarray(logits, np.float64))[:, class_index]
    shares = plan.steps / plan.steps[-1]

    def rows(places: np.ndarray) -> np.ndarray:
        each = told[places]  # (M, K)
        return np.concatenate([each[: plan.maps], each[plan.maps :].mean(axis=0, keepdims=True)])

    deletion, insertion = rows(plan.deletion), rows(plan.insertion)
    return Curves(
        shares=shares,
        deletion=deletion,
        insertion=insertion,
        deletion_area=np.trapezoid(deletion, shares, axis=1),
        insertion_area=np.trapezoid(insertion, shares, axis=1),
    )


def deletion_insertion(
    model: Any,
    image: np.ndarray,
    maps: np.ndarray,
    class_index: int,
    patch_size: int | None = None,
    *,
    points: int = 17,
    random_pairs: int = 1,
    seed: int = 0,
) -> Curves:
    """Deletion and insertion curves of maps, and of random order to compare with.

    The patches that a map calls most important are erased first (deletion), or are the first to
    appear in an empty image (insertion). All images of all maps go through the model together.

    Args:
        model: from `load` or `build`.
        image: (H, W, 3) uint8.
        maps: (M, rows, columns), the patches' importance.
        class_index: the class whose probability is followed.
        patch_size: P; default the model's own.
        points: of each curve, from nothing to everything, at least 2; fewer where there are fewer
            patches.
        random_pairs: random orders, each with its reverse, at least 1.
        seed: of the random orders.

    Returns:
        Curves with a row for each map and a last one for random order.

    Raises:
        ValueError: for an image, patch size, class or map that does not fit, or for too few
            points or random orders.

    Source: Petsiuk et al. 2018 (RISE), section 4.3, https://arxiv.org/abs/1806.07421
    """
    size, seen = model_view(model, image, class_index, patch_size)
    maps, side = np.asarray(maps), model.config.grid_side(size)
    if maps.ndim != 3 or maps.shape[1:] != (side, side):
        raise ValueError(f"maps must have shape (M, {side}, {side}), got {maps.shape}")
    plan = plan_curves(maps, points=points, random_pairs=random_pairs, seed=seed)
    logits = masked_logits(model, seen, plan.erased, patch_size=size)
    return curves(plan, logits, class_index=class_index)
