"""What the Encoder page shows, asked for through the client and cached like every reading."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from explorer import client
from explorer.client.encoder_results import BlockPass, NormSample
from explorer.client.partial_results import in_parts
from explorer.client.results import Problem, Waiting
from explorer.client.tasks import encoder_tasks
from explorer.state import OWN, Picture

BATCH = 6  # images on which the normalizations are compared


def block_pass(
    model: str, picture: Picture, patch_size: int, block: int
) -> BlockPass | Waiting | Problem:
    """One block of one forward pass over the image, from 0."""
    return client.ask(
        encoder_tasks.block_pass,
        model,
        (picture.pixels, patch_size, block),
        key=(picture.key, patch_size, block),
        patch_size=patch_size,
        what=f"Running block {block + 1}…",
        slot="encoder_block",
    )


def without_parts(model: str, picture: Picture, patch_size: int) -> np.ndarray | Waiting | Problem:
    """Probabilities without one side of each residual sum: (L, 2, 2, C)."""
    config = client.config(model)
    if isinstance(config, Problem):
        return config

    def ask(block: int, *, heeded: bool) -> Any:
        return client.ask(
            encoder_tasks.without_parts,
            model,
            (picture.pixels, patch_size, block),
            key=(picture.key, patch_size, block),
            patch_size=patch_size,
            what="Ablating each residual connection…",
            background=True,
            heeded=heeded,
        )

    parts = in_parts([partial(ask, block) for block in reversed(range(config.depth))])
    if isinstance(parts, Problem):
        return parts
    there, awaited = parts
    return awaited or np.stack(there[::-1])


def norm_sample(
    model: str, picture: Picture, patch_size: int, block: int
) -> NormSample | Waiting | Problem:
    """Tokens of a batch before a block's first LayerNorm, from 0."""
    source = "sketch10" if picture.source in OWN else picture.source
    return client.ask(
        encoder_tasks.norm_sample,
        model,
        (picture.pixels, patch_size, block, source, BATCH),
        key=(picture.key, patch_size, block, source, BATCH),
        patch_size=patch_size,
        what=f"Running {BATCH} images…",
    )
