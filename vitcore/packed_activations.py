"""The steps of one pass over one picture, on their way out of where they were computed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from keras import ops

_ONCE = ("patch_embeddings", "last_hidden_state", "patch_logits")  # (B, ...), not of a block


class PackedActivations:
    """Many steps as few arrays while they leave a compiled pass.

    One flat array leaves sooner than one for each name, or even for each name and block: that is
    a tenth of the time of a whole trace of 64 tokens.
    """

    def __init__(self) -> None:
        self._shapes: dict[str, tuple[int, ...]] = {}  # noted where the pass is compiled

    def pack(self, logits: Any, steps: dict[str, Any]) -> dict[str, Any]:
        """Tensors from those of a full `ViT.call` of one picture; called inside the pass."""
        blocks = steps["blocks"]
        several = {"hidden_states": steps["hidden_states"]}
        several |= {name: [block[name] for block in blocks] for name in blocks[0]}
        self._shapes = {name: (len(each), *each[0].shape[1:]) for name, each in several.items()}
        # Attention is often kept alone: as a part of the flat array it would keep all the rest.
        weights = several.pop("weights")
        flat = [ops.reshape(tensor, (-1,)) for each in several.values() for tensor in each]
        once = {name: steps[name][0] for name in _ONCE if name in steps}
        return {
            "once": once | {"logits": logits[0], "pos_embed": steps["pos_embed"]},
            "weights": ops.concatenate(weights),
            "flat": ops.concatenate(flat),
        }

    def unpack(self, packed: dict[str, Any]) -> dict[str, Any]:
        """NumPy arrays by name without the axis of the batch; those of "blocks" are (L, ...)."""
        several: dict[str, np.ndarray] = {}
        start = 0
        for name, shape in self._shapes.items():
            if name == "weights":
                several[name] = packed["weights"]
                continue
            end = start + math.prod(shape)
            several[name] = packed["flat"][start:end].reshape(shape)
            start = end
        hidden_states = several.pop("hidden_states")
        return {**packed["once"], "hidden_states": hidden_states, "blocks": several}
