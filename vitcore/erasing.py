"""What the answer becomes when patches are erased: where it came from, and which map to believe."""

from __future__ import annotations

import numpy as np

from vitcore import patches
from vitcore.images import as_image
from vitcore.introspection.curves import Curves, curves, plan_curves
from vitcore.introspection.erasure import erase, occlusion_map, windows
from vitcore.model import ViT
from vitcore.tracing import predict_logits


def occlusion(
    model: ViT,
    image: np.ndarray,
    class_index: int,
    patch_size: int | None = None,
    *,
    window: int = 1,
    of: str = "logit",
) -> np.ndarray:
    """How far a class falls when each patch is erased to the data's mean colour.

    Args:
        model: from `load` or `build`.
        image: (H, W, 3) uint8.
        class_index: the class asked about, from 0.
        patch_size: P; default the model's own.
        window: patches per side of what is erased around each patch.
        of: "logit", or "probability", in which a class that is almost certain hardly falls.

    Returns:
        (rows, columns) float32; negative where the class gains by what is erased.

    Raises:
        ValueError: for a picture, patch size, class, window or `of` that does not fit.

    Source: Zeiler & Fergus 2014, section 4.2, https://arxiv.org/abs/1311.2901
    """
    size, seen = _asked(model, image, class_index, patch_size)
    grid = (model.config.grid_side(size),) * 2
    covered = windows(grid, window)  # (N, N)
    before = predict_logits(model, seen[None], patch_size=size)[0]
    after = erased_logits(model, seen, covered, patch_size=size)
    return occlusion_map(before, after, grid, class_index=class_index, of=of)


def faithfulness(
    model: ViT,
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
    appear in an empty picture (insertion). All pictures of all maps go through the model together.

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
        ValueError: for a picture, patch size, class or map that does not fit, or for too few
            points or random orders.

    Source: Petsiuk et al. 2018 (RISE), section 4.3, https://arxiv.org/abs/1806.07421
    """
    size, seen = _asked(model, image, class_index, patch_size)
    maps, side = np.asarray(maps), model.config.grid_side(size)
    if maps.ndim != 3 or maps.shape[1:] != (side, side):
        raise ValueError(f"maps must have shape (M, {side}, {side}), got {maps.shape}")
    plan = plan_curves(maps, points=points, random_pairs=random_pairs, seed=seed)
    logits = erased_logits(model, seen, plan.erased, patch_size=size)
    return curves(plan, logits, class_index=class_index)


def erased_logits(
    model: ViT, picture: np.ndarray, erased: np.ndarray, *, patch_size: int
) -> np.ndarray:
    """The answers to one picture with sets of its patches erased.

    Args:
        model: from `load` or `build`.
        picture: (H, W, 3) uint8; resized to whole patches where it needs it.
        erased: (n, N) bool, True where a patch is erased.
        patch_size: P.

    Returns:
        (n, C) float32.

    Raises:
        ValueError: for a picture, patch size or set that does not fit.
    """
    side = model.config.image_size
    seen = patches.as_seen(as_image(picture), patch_size, image_size=side)
    return predict_logits(model, erase(seen, erased, patch_size), patch_size=patch_size)


def _asked(
    model: ViT, image: np.ndarray, class_index: int, patch_size: int | None
) -> tuple[int, np.ndarray]:
    """The patch size, and the picture as the model sees it."""
    config = model.config
    if class_index not in range(config.classes):
        raise ValueError(
            f"class_index must be an integer from 0 to {config.classes - 1}, got {class_index!r}"
        )
    size = config.chosen_patch_size(patch_size)
    return size, patches.as_seen(as_image(image), size, image_size=config.image_size)
