"""An image's panels without a worker, and models that answer in this process."""

import numpy as np
import pytest

from explorer.views.attention.common import AnalysisContext
from vitcore.config import ViTConfig


@pytest.fixture
def make_context(make_reading, select):
    """What panels are about, from a reading with random numbers."""

    def make(patch_size=8, *, prefix=0, other=3, logits=None, pinned=None, **rest):
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
        selection = select(patch_size, config=config, pinned=pinned)
        return AnalysisContext(
            selection=selection, model=selection.model, baseline=reading, other=other
        )

    return make
