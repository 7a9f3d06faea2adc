"""The prediction after each block."""

import numpy as np

from explorer.components.declared import declare
from explorer.components.packing import pack

depth = declare("encoder_depth")


def depth_payload(
    early: np.ndarray, *, names: tuple[str, ...], truth: int | None, rev: str = ""
) -> bytes:
    """The prediction after each block: early (L+1, C) probabilities."""
    header = {"classes": list(names), "truth": truth, "depth": len(early) - 1, "rev": rev}
    return pack("encoder_depth", header, early=np.ascontiguousarray(early, np.float32))
