"""One forward pass: the logits of many images, or everything kept for one."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import ops

from vitcore import backend, patches
from vitcore.images import as_image, as_images
from vitcore.inference import batch_size, probabilities
from vitcore.intervention import Intervention
from vitcore.model import ViT

_ONCE = ("patch_embeddings", "last_hidden_state", "patch_logits")  # (B, ...), not of a block


@dataclass(frozen=True, kw_only=True)
class Trace:
    """Everything one forward pass computed for one image, float32 unless said otherwise.

    All of a block but its attention shares one array: copy what is to be kept alone.

    Attributes:
        image: (G*P, G*P, 3) uint8, the model input: resized to whole patches, interventions done.
        patch_size: P.
        grid: (rows, columns) of patches.
        image_size: (height, width) of the model's input, pixels, before it was resized to whole
            patches.
        num_prefix_tokens: tokens before the patches; T = num_prefix_tokens + rows * columns.
        pooling: "mean" or "class", the model's.
        patch_embeddings: (N, D), without position embeddings.
        pos_embed: (N, D) what is added to them.
        hidden_states: (L+1, T, D) the residual stream before block 0 .. after the last.
        attention: (L, H, T, T); rows are queries and sum to 1.
        queries, keys, values: (L, H, T, d).
        blocks: of each block its activations by name, in the order in which they ran: "norm1"
            (T, D); "queries", "keys", "values" (H, T, d); "scores", scaled, and "weights", after
            softmax (H, T, T); "mixed", weights times values (H, T, d); "attention_out",
            "residual1", "norm2" (T, D); "mlp_hidden", after the GELU (T, M); "mlp_out" (T, D).
        last_hidden_state: (T, D) after the last LayerNorm.
        logits, probabilities: (C,).
        patch_logits: (T, C), the classification head applied to each token alone; with mean
            pooling their mean over the patches is the logits, with a class token there are none.
    """

    image: np.ndarray
    patch_size: int
    grid: tuple[int, int]
    image_size: tuple[int, int]
    num_prefix_tokens: int
    pooling: str
    patch_embeddings: np.ndarray
    pos_embed: np.ndarray
    hidden_states: np.ndarray
    attention: np.ndarray
    queries: np.ndarray
    keys: np.ndarray
    values: np.ndarray
    blocks: list[dict[str, np.ndarray]]
    last_hidden_state: np.ndarray
    logits: np.ndarray
    probabilities: np.ndarray
    patch_logits: np.ndarray | None


def _compiled(
    model: ViT, patch_size: int, *, full: bool, frozen: bool = False
) -> Callable[..., Any]:
    """The pass from and to arrays: the logits of many images, or all of one image by name."""

    def make() -> Callable[..., Any]:
        packed = PackedActivations()

        def forward(call: Any, images: Any, head_mask: Any, use_pos_embed: Any) -> Any:
            answer = call(
                images,
                patch_size=patch_size,
                head_mask=head_mask,
                use_pos_embed=use_pos_embed,
                full=full,
                training=False,
            )
            return packed.pack(*answer) if full else answer

        run = backend.compiled(model, forward, frozen=frozen)
        finish = packed.unpack if full else lambda logits: logits
        return lambda *arrays: finish(backend.to_numpy(run(*arrays)))

    return model.compiled_once((patch_size, full, frozen), make)


def _check(model: object, intervention: object) -> None:
    if not isinstance(model, ViT):
        raise TypeError(f"model must be a ViT, got {type(model).__name__}. Use vitcore.load(name).")
    if not (intervention is None or isinstance(intervention, Intervention)):
        got = type(intervention).__name__
        raise TypeError(f"intervention must be a vitcore.Intervention, got {got}")


def _inputs(
    model: ViT, images: np.ndarray, patch_size: int, intervention: Intervention | None
) -> tuple[np.ndarray, np.ndarray, np.float32]:
    change = Intervention() if intervention is None else intervention
    seen = patches.model_input(images, patch_size, image_size=model.config.image_size)
    return (
        change.on_images(seen, patch_size),
        change.head_mask(model.config),
        np.float32(change.use_pos_embed),
    )


def predict_logits(
    model: ViT,
    images: np.ndarray,
    *,
    patch_size: int | None = None,
    intervention: Intervention | None = None,
    head_mask: np.ndarray | None = None,
) -> np.ndarray:
    """Logits of many images; see `predict`. Returns (B, C) float32.

    Args:
        head_mask: (B, L, H), for each image 0 for each ablated head and else 1; those that the
            intervention ablates are ablated as well.

    Raises:
        ValueError: as `predict`, or for another shape of `head_mask`.
    """
    _check(model, intervention)
    images = as_images(images)
    config = model.config
    if head_mask is not None and head_mask.shape != (len(images), config.depth, config.num_heads):
        raise ValueError(
            f"head_mask must have shape ({len(images)}, {config.depth}, {config.num_heads}), "
            f"got {head_mask.shape}"
        )
    size = config.chosen_patch_size(patch_size)
    forward = _compiled(model, size, full=False)
    batch = batch_size(config.tokens(size))
    parts = []
    for start in range(0, len(images), batch):
        part = slice(start, start + batch)
        seen, on, use_pos_embed = _inputs(model, images[part], size, intervention)
        if head_mask is not None:
            on = on * head_mask[part].astype(np.float32)
        count = len(seen)
        # One image, or a full batch: two shapes in all, whatever the number of images.
        spare = (1 if count == 1 else batch) - count
        seen = np.concatenate([seen, np.zeros((spare, *seen.shape[1:]), np.uint8)])
        if on.ndim == 3:
            on = np.concatenate([on, np.ones((spare, *on.shape[1:]), np.float32)])
        parts.append(forward(seen, on, use_pos_embed)[:count])
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
    """Probability of each class for each image.

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
        ValueError: for images, a patch size or an intervention that do not fit.
    """
    logits = predict_logits(model, images, patch_size=patch_size, intervention=intervention)
    return probabilities(logits)


def trace(
    model: ViT,
    image: np.ndarray,
    *,
    patch_size: int | None = None,
    intervention: Intervention | None = None,
    frozen: bool = False,
) -> Trace:
    """Run one image through the model once and keep everything.

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
        ValueError: for an image, a patch size or an intervention that does not fit.
    """
    _check(model, intervention)
    images = as_image(image)[None]
    config = model.config
    size = config.chosen_patch_size(patch_size)
    seen, head_mask, use_pos_embed = _inputs(model, images, size, intervention)
    forward = _compiled(model, size, full=True, frozen=frozen)
    steps = forward(seen, head_mask, use_pos_embed)
    logits, inside = steps["logits"], steps["blocks"]
    return Trace(
        image=seen[0],
        patch_size=size,
        grid=(config.grid_side(size),) * 2,
        image_size=(config.image_size,) * 2,
        num_prefix_tokens=config.num_prefix_tokens,
        pooling=config.pooling,
        patch_embeddings=steps["patch_embeddings"],
        pos_embed=steps["pos_embed"],
        hidden_states=steps["hidden_states"],
        attention=inside["weights"],
        queries=inside["queries"],
        keys=inside["keys"],
        values=inside["values"],
        blocks=[{name: inside[name][i] for name in inside} for i in range(config.depth)],
        last_hidden_state=steps["last_hidden_state"],
        logits=logits,
        probabilities=probabilities(logits),
        patch_logits=steps.get("patch_logits"),
    )


class PackedActivations:
    """Many steps as few arrays while they leave a compiled pass.

    One flat array leaves sooner than one for each name, or even for each name and block: that is
    a tenth of the time of a whole trace of 64 tokens.
    """

    def __init__(self) -> None:
        self._shapes: dict[str, tuple[int, ...]] = {}  # noted where the pass is compiled

    def pack(self, logits: Any, steps: dict[str, Any]) -> dict[str, Any]:
        """Tensors from those of a full `ViT.call` of one image; called inside the pass."""
        blocks = steps["blocks"]
        several = {"hidden_states": steps["hidden_states"]}
        several |= {name: [block[name] for block in blocks] for name in blocks[0]}
        self._shapes = {name: (len(each), *each[0].shape[1:]) for name, each in several.items()}
        # Attention is often kept alone: as a part of the flat array it would keep all the rest.
        weights = several.pop("weights")
        flat = [ops.reshape(tensor, (-1,)) for each in several.values() for tensor in each]
        once = {name: steps[name][0] for name in _ONCE if name in steps}
        return {
            "once": once | {"logits": logits[0], "pos_embed": steps["pos_embed"]},
            "weights": ops.concatenate(weights),
            "flat": ops.concatenate(flat),
        }

    def unpack(self, packed: dict[str, Any]) -> dict[str, Any]:
        """NumPy arrays by name without the axis of the batch; those of "blocks" are (L, ...)."""
        several: dict[str, np.ndarray] = {}
        start = 0
        for name, shape in self._shapes.items():
            if name == "weights":
                several[name] = packed["weights"]
                continue
            end = start + math.prod(shape)
            several[name] = packed["flat"][start:end].reshape(shape)
            start = end
        hidden_states = several.pop("hidden_states")
        return {**packed["once"], "hidden_states": hidden_states, "blocks": several}
