"""The prediction without one side of each residual sum."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from explorer.components.declared import declare
from explorer.components.packing import pack

residual = declare("encoder_residual", sends=("view",))


def residual_payload(
    without: np.ndarray,
    probabilities: np.ndarray,
    *,
    names: tuple[str, ...],
    truth: int | None,
    asked: Mapping[str, Any] | None = None,
    rev: str = "",
) -> bytes:
    """The prediction without one side of each residual sum.

    Args:
        without: (L, 2, 2, C) probabilities.
        probabilities: (C,) of the model as it is.
        names: of the C classes.
        truth: index of the true class, or None.
        asked: what a link asks for, from `state.asked`.
        rev: what the drawn figure carries as `data-rev`, for tests in a browser.
    """
    header = {
        "depth": len(without),
        "classes": list(names),
        "truth": truth,
        "probabilities": [round(float(p), 6) for p in probabilities],
        "asked": asked or {},
        "rev": rev,
    }
    return pack("encoder_residual", header, without=np.ascontiguousarray(without, np.float32))
