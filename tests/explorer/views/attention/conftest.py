"""A picture's panels without a worker, and models that answer in this process."""

import numpy as np
import pytest

from explorer.views.attention.common import Asked
from vitcore.config import CLASS_NAMES, ViTConfig


@pytest.fixture
def make_asked(make_reading, picture):
    """What panels are about, from a reading with random numbers."""

    def make(patch_size=8, *, prefix=0, other=3, logits=None, **rest):
        logits = np.eye(10)[6] if logits is None else logits
        reading = make_reading(patch_size, prefix=prefix, logits=logits, **rest)
        blocks, heads = reading.attention.shape[:2]
        config = ViTConfig(
            width=12,
            depth=blocks,
            num_heads=heads,
            head_dim=4,
            mlp_dim=8,
            pooling="class" if prefix else "mean",
            registers=max(0, prefix - 1),
        )
        return Asked(
            model="demo",
            picture=picture,
            patch_size=patch_size,
            reading=reading,
            config=config,
            names=CLASS_NAMES,
            other=other,
        )

    return make
