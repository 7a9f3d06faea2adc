"""One forward pass: its answer alone for many pictures, or everything kept for one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitcore import backend, patches
from vitcore.images import as_image, as_images
from vitcore.intervention import Intervention
from vitcore.model import ViT
from vitcore.packed_steps import PackedSteps
from vitcore.passes import batch_size
from vitcore.probabilities import probabilities


@dataclass(frozen=True, kw_only=True)
class Trace:
    """Everything one forward pass computed for one picture, float32 unless said otherwise.

    All of a block but its attention shares one array: copy what is to be kept alone.

    Attributes:
        picture: (G*P, G*P, 3) uint8, what the model saw after resizing and intervening.
        patch_size: P.
        grid: (rows, columns) of patches.
        image_size: (height, width) of the model's input, pixels, before it was resized to whole
            patches.
        prefix: tokens before the patches; T = prefix + rows * columns.
        pooling: "mean" or "class", the model's.
        embedded: (N, D) patches after the linear embedding, without positions.
        positions: (N, D) what is added to them.
        tokens: (L+1, T, D) the residual stream before block 0 .. after the last.
        attention: (L, H, T, T); rows are queries and sum to 1.
        queries, keys, values: (L, H, T, d).
        blocks: for each block its steps by name, in the order in which they ran.
        normed: (T, D) after the last layer norm.
        logits, probabilities: (C,).
        votes: (T, C), the head applied to each token alone; with mean pooling their mean over
            the patches is the logits, with a class token there are none.
    """

    picture: np.ndarray
    patch_size: int
    grid: tuple[int, int]
    image_size: tuple[int, int]
    prefix: int
    pooling: str
    embedded: np.ndarray
    positions: np.ndarray
    tokens: np.ndarray
    attention: np.ndarray
    queries: np.ndarray
    keys: np.ndarray
    values: np.ndarray
    blocks: list[dict[str, np.ndarray]]
    normed: np.ndarray
    logits: np.ndarray
    probabilities: np.ndarray
    votes: np.ndarray | None


def _compiled(
    model: ViT, patch_size: int, *, full: bool, frozen: bool = False
) -> Callable[..., Any]:
    """The pass from and to arrays: the logits of many pictures, or all of one picture by name."""

    def make() -> Callable[..., Any]:
        packed = PackedSteps()

        def forward(call: Any, pictures: Any, heads_on: Any, positions_on: Any) -> Any:
            answer = call(
                pictures,
                patch_size=patch_size,
                heads_on=heads_on,
                positions_on=positions_on,
                full=full,
                training=False,
            )
            return packed.pack(*answer) if full else answer

        run = backend.compiled(model, forward, frozen=frozen)
        finish = packed.unpack if full else lambda logits: logits
        return lambda *arrays: finish(backend.to_numpy(run(*arrays)))

    return model.compiled_once((patch_size, full, frozen), make)


def _inputs(
    model: ViT, images: np.ndarray, patch_size: int, intervention: Intervention | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    change = intervention or Intervention()
    seen = patches.as_seen(images, patch_size, image_size=model.config.image_size)
    return (
        change.on_pictures(seen, patch_size),
        change.heads_on(model.config),
        np.float32(change.positions),
    )


def predict_logits(
    model: ViT,
    images: np.ndarray,
    *,
    patch_size: int | None = None,
    intervention: Intervention | None = None,
    heads_on: np.ndarray | None = None,
) -> np.ndarray:
    """Logits of many pictures; see `predict`. Returns (B, C) float32.

    Args:
        heads_on: (B, L, H), for each picture 1 for each head that is on; those that the
            intervention switches off are off as well.

    Raises:
        ValueError: as `predict`, or for another shape of `heads_on`.
    """
    images = as_images(images)
    config = model.config
    if heads_on is not None and heads_on.shape != (len(images), config.depth, config.heads):
        raise ValueError(
            f"heads_on must have shape ({len(images)}, {config.depth}, {config.heads}), "
            f"got {heads_on.shape}"
        )
    size = config.chosen_patch_size(patch_size)
    forward = _compiled(model, size, full=False)
    batch = batch_size(config.tokens(size))
    parts = []
    for start in range(0, len(images), batch):
        part = slice(start, start + batch)
        seen, on, positions_on = _inputs(model, images[part], size, intervention)
        if heads_on is not None:
            on = on * heads_on[part].astype(np.float32)
        count = len(seen)
        # One picture, or a full batch: two shapes in all, whatever the number of pictures.
        spare = (1 if count == 1 else batch) - count
        seen = np.concatenate([seen, np.zeros((spare, *seen.shape[1:]), np.uint8)])
        if on.ndim == 3:
            on = np.concatenate([on, np.ones((spare, *on.shape[1:]), np.float32)])
        parts.append(forward(seen, on, positions_on)[:count])
    if not parts:
        return np.zeros((0, model.config.classes), np.float32)
    return np.concatenate(parts)


def predict(
    model: ViT,
    images: np.ndarray,
    *,
    patch_size: int | None = None,
    intervention: Intervention | None = None,
) -> np.ndarray:
    """Probability of each class for each picture.

    Args:
        model: from `load` or `build`.
        images: (B, H, W, 3) or one image (H, W, 3), uint8 or floats in [0, 1]; also gray and
            RGBA, see `vitcore.images.as_images`. Both sides are scaled to whole patches of the
            model's size.
        patch_size: P, 1 to the model's image size; default the model's own.
        intervention: what to change in the pass.

    Returns:
        (B, C) float32; rows sum to 1.

    Raises:
        ValueError: for pictures, a patch size or an intervention that do not fit.
    """
    options = {"patch_size": patch_size, "intervention": intervention}
    return probabilities(predict_logits(model, images, **options))


def trace(
    model: ViT,
    image: np.ndarray,
    *,
    patch_size: int | None = None,
    intervention: Intervention | None = None,
    frozen: bool = False,
) -> Trace:
    """Run one picture through the model once and keep everything.

    Args:
        model: from `load` or `build`.
        image: (H, W, 3) or (1, H, W, 3), uint8 or floats in [0, 1]; also gray and RGBA, see
            `vitcore.images.as_images`. Both sides are scaled to whole patches of the model's
            size.
        patch_size: P, 1 to the model's image size; default the model's own.
        intervention: what to change in the pass.
        frozen: for many traces of a model that is not in training. The weights it has at the
            first such trace of a patch size become constants of a pass fused as a whole: a third
            faster, but that first trace takes seconds.

    Returns:
        A Trace. Its attention is that of the very pass that gave its logits.

    Raises:
        ValueError: for a picture, a patch size or an intervention that does not fit.
    """
    images = as_image(image)[None]
    config = model.config
    size = config.chosen_patch_size(patch_size)
    seen, heads_on, positions_on = _inputs(model, images, size, intervention)
    forward = _compiled(model, size, full=True, frozen=frozen)
    steps = forward(seen, heads_on, positions_on)
    logits, inside = steps["logits"], steps["blocks"]
    return Trace(
        picture=seen[0],
        patch_size=size,
        grid=(config.grid_side(size),) * 2,
        image_size=(config.image_size,) * 2,
        prefix=config.prefix,
        pooling=config.pooling,
        embedded=steps["embedded"],
        positions=steps["positions"],
        tokens=steps["tokens"],
        attention=inside["weights"],
        queries=inside["queries"],
        keys=inside["keys"],
        values=inside["values"],
        blocks=[{name: inside[name][i] for name in inside} for i in range(config.depth)],
        normed=steps["normed"],
        logits=logits,
        probabilities=probabilities(logits),
        votes=steps.get("votes"),
    )
