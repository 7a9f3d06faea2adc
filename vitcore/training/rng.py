"""All randomness of a run, drawn from (seed, purpose, step): there is no state to save."""

from __future__ import annotations

import numpy as np

from vitcore.config import TrainConfig

# Purposes, never renumbered.
ORDER, PATCH_SIZE, AUGMENTATION, SKETCHES, SPLIT, DROPOUT, CUTMIX = range(7)


def generator(seed: int, purpose: int, step: int = 0) -> np.random.Generator:
    """The random numbers of one purpose at one step, whatever was drawn before."""
    return np.random.default_rng((seed, purpose, step))


def sampled_patch_sizes(config: TrainConfig) -> tuple[int, ...]:
    """Those that may be sampled at all."""
    some = [config.patch_size_probs, config.patch_size_probs_end or config.patch_size_probs]
    return tuple(
        size
        for place, size in enumerate(config.patch_sizes)
        if any(not weights or weights[place] > 0 for weights in some)
    )


def sample_patch_size(config: TrainConfig, step: int, steps: int) -> int | None:
    """P of one step: sampled with probabilities that move during the run; None, the model's own."""
    if not config.patch_sizes:
        return None
    even = (1.0,) * len(config.patch_sizes)
    first = np.array(config.patch_size_probs or even)
    last = np.array(config.patch_size_probs_end or config.patch_size_probs or even)
    done = step / max(1, steps)
    weights = first / first.sum() * (1 - done) + last / last.sum() * done
    return int(generator(config.seed, PATCH_SIZE, step).choice(config.patch_sizes, p=weights))
