"""A batch of tokens as four normalizations see it."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from explorer.components.declared import declare
from explorer.components.packing import pack
from explorer.records import NormSample

norms = declare("encoder_norms", sends=("view",))


def norm_payload(
    sample: NormSample,
    *,
    block: int,
    prefix: tuple[str, ...],
    grid: tuple[int, int],
    asked: Mapping[str, Any] | None = None,
    rev: str = "",
) -> bytes:
    """A batch of tokens as four normalizations see it.

    Args:
        sample: what is drawn.
        block: before which it was taken, from 0.
        prefix: names of the tokens before the patches.
        grid: (gh, gw), rows and columns of the patches.
        asked: what a link asks for, from `state.asked`.
        rev: changes with what is drawn.
    """
    axes = sample.axes
    header = {
        "block": block,
        "shape": list(sample.shape),
        "groups": sample.groups,
        "tokens": sample.tokens.tolist(),
        "numbers": sample.features.tolist(),
        "prefix": list(prefix),
        "grid": list(grid),
        "asked": asked or {},
        "rev": rev,
    }
    kinds = {"layer": axes.layer, "batch": axes.batch, "group": axes.group, "image": axes.image}
    moments = {f"{name}_mean": kind.mean for name, kind in kinds.items()}
    moments |= {f"{name}_variance": kind.variance for name, kind in kinds.items()}
    images = np.ascontiguousarray(sample.images)
    return pack("encoder_norms", header, values=sample.values, images=images, **moments)
