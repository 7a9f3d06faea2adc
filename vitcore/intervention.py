"""What may be changed in a forward pass; NumPy only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from vitcore.config import ViTConfig

# Mean colour of CIFAR-10's training pictures, 0 to 255: what an erased patch is filled with.
DATA_MEAN = np.array([125, 123, 114], np.uint8)


@dataclass(frozen=True, kw_only=True)
class Intervention:
    """What to change in a forward pass, to see what it was good for.

    Args:
        heads_off: pairs (block, head), from 0, whose output is zero before the projection.
        patches: by target patch in reading order, which patch is put there instead: another
            one's number, or None to erase it to the data's mean colour. {3: 7, 7: 3} swaps two.
        positions: False leaves position embeddings out.
    """

    heads_off: tuple[tuple[int, int], ...] = ()
    patches: Mapping[int, int | None] = field(default_factory=dict)
    positions: bool = True

    def __hash__(self) -> int:  # a dict has none; equal interventions have equal items
        return hash((self.heads_off, tuple(sorted(self.patches)), self.positions))

    def heads_on(self, config: ViTConfig) -> np.ndarray:
        """(L, H) float32, 1 for each head that is on.

        Raises:
            ValueError: if a head is not in the model.
        """
        on = np.ones((config.depth, config.heads), np.float32)
        for block, head in self.heads_off:
            if not (0 <= block < config.depth and 0 <= head < config.heads):
                raise ValueError(
                    f"heads_off must have blocks 0 to {config.depth - 1} and heads 0 to "
                    f"{config.heads - 1}, got {(block, head)}"
                )
            on[block, head] = 0
        return on

    def on_pictures(self, pictures: np.ndarray, patch_size: int) -> np.ndarray:
        """Pictures (B, G*P, G*P, 3) with their patches erased or moved; the input where none are.

        Raises:
            ValueError: if a patch is not in the grid.
        """
        if not self.patches:
            return pictures
        count, height, width, channels = pictures.shape
        rows, columns = height // patch_size, width // patch_size
        cells = pictures.reshape(count, rows, patch_size, columns, patch_size, channels)
        cells = cells.transpose(0, 1, 3, 2, 4, 5).reshape(count, rows * columns, -1, channels)
        result = cells.copy()
        for target, source in self.patches.items():
            for place in (target, source):
                if place is not None and not 0 <= place < rows * columns:
                    raise ValueError(
                        f"patches must be integers from 0 to {rows * columns - 1}, got {place}"
                    )
            result[:, target] = DATA_MEAN if source is None else cells[:, source]
        result = result.reshape(count, rows, columns, patch_size, patch_size, channels)
        return result.transpose(0, 1, 3, 2, 4, 5).reshape(pictures.shape)
