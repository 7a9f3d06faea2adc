"""Recipes: trainings that were measured, by name."""

from __future__ import annotations

from vitcore.config.train import TrainConfig
from vitcore.config.vit import PATCH_SIZES

RECIPES: dict[str, TrainConfig] = {
    # Warm-up, cosine, AdamW, flips and shifted crops.
    "standard": TrainConfig(label_smoothing=0.1),
    # The notebook's pipeline to the letter; one validation image in five, 120 epochs.
    "article": TrainConfig(
        preset="article",
        recipe="article",
        epochs=120.0,
        learning_rate=2e-3,
        warmup_ratio=0.0,
        schedule="plateau",
        optimizer="adam",
        weight_decay=0.0,
        augmentation="article",
        validation_split=0.2,
    ),
    # How the bundled patch-flexible model begins; in four minutes of one H100; by its operations
    # half a day of two cores; `flexi-cifar10-swa` goes on. After FlexiViT, https://arxiv.org/abs/2212.08013
    "flexi-cifar10": TrainConfig(
        preset="flexi",
        recipe="flexi-cifar10",
        epochs=283.0,
        batch_size=1024,
        learning_rate=3e-3,
        optimizer="muon",
        weight_decay=0.003,  # at 0.05 the first block's attention goes flat
        # Queries, keys and values share one gain: as Muon lets the values grow it shrinks, and with
        # it what queries and keys tell apart, until the first block looks everywhere alike.
        frozen=("norm1/scale",),
        augmentation="trivial",
        label_smoothing=0.1,
        ema_decay=0.999,
        patch_sizes=PATCH_SIZES,
        patch_size_probs=(0.03, 0.05, 0.30, 0.10, 0.10, 0.30, 0.05, 0.06, 0.01),
        patch_size_probs_end=(0.16, 0.14, 0.45, 0.06, 0.06, 0.08, 0.03, 0.015, 0.005),
        max_tokens=65_536,
        sketch_fraction=0.1,
        num_sketches=20_000,
        validation_split=0.02,
        precision="bfloat16",
    ),
    # Its twin, trained at its own patch size alone, with as many operations as this beginning and
    # first weights that are drawn alike.
    "plain-cifar10": TrainConfig(
        preset="plain",
        recipe="plain-cifar10",
        epochs=214.0,
        batch_size=1024,
        learning_rate=3e-3,
        optimizer="muon",
        weight_decay=0.003,
        frozen=("norm1/scale",),
        augmentation="trivial",
        label_smoothing=0.1,
        ema_decay=0.999,
        sketch_fraction=0.1,
        num_sketches=20_000,
        validation_split=0.02,
        precision="bfloat16",
    ),
}
# The same where there is no GPU: in two hours of two cores 86 % of the test images are right at
# patch size 4. Coarse patches first: they are cheap and teach the blocks; finer ones later.
RECIPES["flexi-cifar10-cpu"] = RECIPES["flexi-cifar10"].replace(
    recipe="flexi-cifar10-cpu",
    epochs=60.0,
    batch_size=128,
    learning_rate=2e-3,
    patch_size_probs=(0.00, 0.00, 0.08, 0.06, 0.08, 0.60, 0.06, 0.10, 0.02),
    patch_size_probs_end=(0.06, 0.08, 0.46, 0.10, 0.08, 0.14, 0.04, 0.03, 0.01),
    max_tokens=8192,
    sketch_fraction=0.15,
)
# Where flexi-cifar10 goes on from (`start`): mean of it and of what it becomes in seven short
# trainings on mixed images, each from the last; in an hour of two cores. After Izmailov et al.
# 2018, https://arxiv.org/abs/1803.05407
RECIPES["flexi-cifar10-swa"] = RECIPES["flexi-cifar10-cpu"].replace(
    recipe="flexi-cifar10-swa",
    steps=5_250,
    cycles=7,
    learning_rate=1e-3,
    cutmix=0.5,
    ema_decay=0.0,
    patch_size_probs=(0.16, 0.12, 0.44, 0.06, 0.06, 0.10, 0.03, 0.025, 0.005),
    patch_size_probs_end=(),
    sketch_fraction=0.1,
)
# And on from there with the finest patches, of which a step of as many operations sees the fewest
# images: the mean goes on with five more.
RECIPES["flexi-cifar10-swa-p2"] = RECIPES["flexi-cifar10-swa"].replace(
    recipe="flexi-cifar10-swa-p2",
    steps=3_750,
    cycles=5,
    patch_size_probs=(0.55, 0.10, 0.25, 0.02, 0.02, 0.045, 0.008, 0.005, 0.002),
)
# The twin goes on in the same way, at its own patch size.
RECIPES["plain-cifar10-swa"] = RECIPES["plain-cifar10"].replace(
    recipe="plain-cifar10-swa",
    steps=3_750,
    cycles=5,
    batch_size=128,
    learning_rate=1e-3,
    cutmix=0.5,
    ema_decay=0.0,
)
