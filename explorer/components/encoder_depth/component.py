"""The prediction after each block."""

import numpy as np

from explorer.components.declared import declare
from explorer.components.packing import pack

depth = declare("encoder_depth")


def depth_payload(
    probabilities: np.ndarray, *, names: tuple[str, ...], truth: int | None, rev: str = ""
) -> bytes:
    """The prediction after each block: probabilities (L+1, C)."""
    header = {"classes": list(names), "truth": truth, "depth": len(probabilities) - 1, "rev": rev}
    return pack(
        "encoder_depth", header, probabilities=np.ascontiguousarray(probabilities, np.float32)
    )
