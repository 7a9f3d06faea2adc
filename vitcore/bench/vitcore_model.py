"""What is ours in the comparison: training steps, traces, and products as a measure of them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Any

import numpy as np
from keras import ops

from vitcore.bench import BATCH, PRODUCT_SIDE
from vitcore.config import PATCH_SIZES, PRESETS, RECIPES, ViTConfig
from vitcore.model import ViT, build
from vitcore.tracing import trace
from vitcore.training.augmentation import augment
from vitcore.training.step import Trainer

COMPARED = {
    32: ViTConfig(patch_embed_size=4),
    224: ViTConfig(
        image_size=224,
        patch_size=16,
        patch_embed_size=16,
        pos_embed_grid=14,
        width=768,
        depth=12,
        num_heads=12,
        mlp_dim=3072,
        pooling="class",
    ),
}


def _step(recipe: str, precision: str = "float32") -> Callable[[], Any]:
    """One step as in a run: the next batch is drawn meanwhile."""
    config = RECIPES[recipe].replace(precision=precision)
    trainer = Trainer(build(PRESETS[config.preset], precision=precision), config)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (BATCH, 32, 32, 3), np.uint8)
    labels = rng.integers(0, 10, BATCH).astype(np.int32)
    draw = partial(augment, images, rng, config.augmentation)
    ahead = ThreadPoolExecutor(max_workers=1)
    drawn = [ahead.submit(draw)]

    def step() -> None:
        batch = drawn.pop().result()
        drawn.append(ahead.submit(draw))
        trainer.step(batch, labels, patch_size=4, rate=config.learning_rate)

    return step


def _product(precision: str) -> Callable[[], Any]:
    values = np.random.default_rng(0).normal(size=(PRODUCT_SIDE, PRODUCT_SIDE))
    matrix = ops.cast(ops.convert_to_tensor(values.astype(np.float32)), precision)
    return lambda: float(ops.matmul(matrix, matrix)[0, 0])


@cache
def _model(side: int) -> ViT:
    return build(COMPARED[side])


@cache
def _flexi() -> ViT:
    return build(PRESETS["flexi"])


def _trace(make: Callable[[], ViT], size: int, **options: Any) -> Callable[[], Any]:
    model = make()
    side = model.config.image_size
    image = np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)
    return lambda: trace(model, image, patch_size=size, **options)


ENTRANTS: dict[str, Callable[[], Callable[[], Any]]] = {
    "product float32": partial(_product, "float32"),
    "product bfloat16": partial(_product, "bfloat16"),
    "article": partial(_step, "article"),
    "article bfloat16": partial(_step, "article", "bfloat16"),
    "flexi": partial(_step, "flexi-cifar10"),
    "flexi bfloat16": partial(_step, "flexi-cifar10", "bfloat16"),
    "trace 32": partial(_trace, partial(_model, 32), 4),
    "trace 32 frozen": partial(_trace, partial(_model, 32), 4, frozen=True),
    "trace 224": partial(_trace, partial(_model, 224), 16),
    **{f"slider {size}": partial(_trace, _flexi, size) for size in PATCH_SIZES},
}
