"""What the worker computes for the Encoder page; it is run there, and named by the app."""

from __future__ import annotations

import numpy as np

from explorer.client.tasks import forward_pass
from explorer.records import BlockPass, NormSample

_SHOWN = 8, 16  # tokens and numbers of each that are shown of a batch


def block_pass(
    folder: str, stamp: tuple[int, ...], pixels: np.ndarray, patch_size: int, block: int
) -> BlockPass:
    """One block of one forward pass; arguments as in `worker.reading`.

    Args:
        folder: of the model.
        stamp: state of its files.
        pixels: (H, W, 3) uint8.
        patch_size: P.
        block: from 0.
    """
    import vitcore

    model = forward_pass.compiled(folder, stamp, patch_size)
    trace = vitcore.trace(model, pixels, patch_size=patch_size)
    steps = trace.blocks[block]
    return BlockPass(
        block=block,
        patch_size=trace.patch_size,
        grid=trace.grid,
        num_prefix_tokens=trace.num_prefix_tokens,
        image=np.array(trace.image, np.uint8),
        patch_embeddings=_copy(trace.patch_embeddings),
        positions=_copy(trace.pos_embed),
        entering=_copy(trace.hidden_states[block]),
        attention_out=_copy(steps["attention_out"]),
        mlp_out=_copy(steps["mlp_out"]),
        last=_copy(trace.hidden_states[-1]),
        token_norms=_copy(np.linalg.norm(trace.hidden_states, axis=-1)),
        logits=_copy(trace.logits),
        probabilities=_copy(trace.probabilities),
    )


def without_parts(
    folder: str, stamp: tuple[int, ...], pixels: np.ndarray, patch_size: int, block: int
) -> np.ndarray:
    """Probabilities (2, 2, C) as `answers_without` gives logits; arguments as above."""
    import vitcore
    from vitcore.inference import probabilities
    from vitcore.interpret.branches import answers_without

    model = forward_pass.compiled(folder, stamp, patch_size)
    trace = vitcore.trace(model, pixels, patch_size=patch_size)
    weights = {name: np.asarray(value) for name, value in model.weights_by_name().items()}
    return _copy(probabilities(answers_without(trace.hidden_states, block, weights, model.config)))


def norm_sample(
    folder: str,
    stamp: tuple[int, ...],
    pixels: np.ndarray,
    patch_size: int,
    block: int,
    source: str,
    batch: int,
) -> NormSample:
    """The tokens before a block's first LayerNorm, of the image and of test images.

    Args:
        folder: of the model.
        stamp: state of its files.
        pixels: (H, W, 3) uint8, the first image of the batch.
        patch_size: P.
        block: from 0.
        source: of the others, "cifar10" or "sketch10".
        batch: how many images.
    """
    import vitcore
    from vitcore.interpret.norm_axes import norm_axes

    model = forward_pass.compiled(folder, stamp, patch_size)
    images = vitcore.cifar10("test")[0] if source == "cifar10" else vitcore.sketch10(batch)[0]
    others = [image for image in images[:batch] if not np.array_equal(image, pixels)]
    images = np.stack([pixels, *others[: batch - 1]])
    tokens = np.stack(
        [
            np.array(vitcore.trace(model, one, patch_size=patch_size).hidden_states[block])
            for one in images
        ]
    )  # (B, T, D)
    _, length, width = tokens.shape
    groups = next(groups for groups in (8, 4, 2, 1) if width % groups == 0)
    which = spread(length, _SHOWN[0]), spread(width, _SHOWN[1])
    return NormSample(
        axes=norm_axes(tokens, groups),
        shape=tokens.shape,
        groups=groups,
        tokens=which[0],
        features=which[1],
        values=_copy(tokens[:, which[0]][:, :, which[1]]),
        images=images,
    )


def spread(count: int, shown: int) -> np.ndarray:
    """At most `shown` numbers below `count`, evenly spaced and in their middle."""
    shown = min(count, shown)
    return ((np.arange(shown) + 0.5) * count / shown).astype(int)


def _copy(values: np.ndarray) -> np.ndarray:
    # A trace's arrays share one: what is kept alone is copied.
    return np.array(values, np.float32)
