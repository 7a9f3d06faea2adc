"""What may be changed in a forward pass; NumPy only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from vitcore.config import ViTConfig

# Mean color of CIFAR-10's training images, 0 to 255: what a masked patch is filled with.
DATASET_MEAN = np.array([125, 123, 114], np.uint8)


@dataclass(frozen=True, kw_only=True)
class Intervention:
    """What to change in a forward pass.

    Args:
        ablated_heads: pairs (block, head), from 0, whose output is set to zero before the
            projection.
        patches: by target patch in raster order, which patch is put there instead: another
            one's number, or None to mask it with the dataset's mean color. {3: 7, 7: 3} swaps two.
        use_pos_embed: False adds no position embeddings.
    """

    ablated_heads: tuple[tuple[int, int], ...] = ()
    patches: Mapping[int, int | None] = field(default_factory=dict)
    use_pos_embed: bool = True

    def __post_init__(self) -> None:
        pairs = self.ablated_heads
        if not isinstance(pairs, tuple | list) or not all(map(_is_pair, pairs)):
            raise ValueError(
                f"ablated_heads must be pairs (block, head) of integers, got {pairs!r}"
            )
        moved = self.patches
        if not isinstance(moved, Mapping) or not all(
            _is_integer(target) and (source is None or _is_integer(source))
            for target, source in moved.items()
        ):
            raise ValueError(
                f"patches must be a dict of patches, such as {{3: 7}} or {{3: None}}, got {moved!r}"
            )
        if not isinstance(self.use_pos_embed, bool | np.bool_):
            raise ValueError(f"use_pos_embed must be True or False, got {self.use_pos_embed!r}")

    def __hash__(self) -> int:  # a dict has none; equal interventions have equal items
        return hash((self.ablated_heads, tuple(sorted(self.patches)), self.use_pos_embed))

    def head_mask(self, config: ViTConfig) -> np.ndarray:
        """(L, H) float32, 0 for each ablated head, else 1.

        Raises:
            ValueError: if a head is not in the model.
        """
        on = np.ones((config.depth, config.num_heads), np.float32)
        for block, head in self.ablated_heads:
            if not (0 <= block < config.depth and 0 <= head < config.num_heads):
                raise ValueError(
                    f"ablated_heads must have blocks 0 to {config.depth - 1} and heads 0 to "
                    f"{config.num_heads - 1}, got {(block, head)}"
                )
            on[block, head] = 0
        return on

    def on_images(self, images: np.ndarray, patch_size: int) -> np.ndarray:
        """Images (B, G*P, G*P, 3) with their patches masked or moved; the input where none are.

        Raises:
            ValueError: if a patch is not in the grid.
        """
        if not self.patches:
            return images
        count, height, width, channels = images.shape
        rows, columns = height // patch_size, width // patch_size
        cells = images.reshape(count, rows, patch_size, columns, patch_size, channels)
        cells = cells.transpose(0, 1, 3, 2, 4, 5).reshape(count, rows * columns, -1, channels)
        result = cells.copy()
        for target, source in self.patches.items():
            for place in (target, source):
                if place is not None and not 0 <= place < rows * columns:
                    raise ValueError(
                        f"patches must be integers from 0 to {rows * columns - 1}, got {place}"
                    )
            result[:, target] = DATASET_MEAN if source is None else cells[:, source]
        result = result.reshape(count, rows, columns, patch_size, patch_size, channels)
        return result.transpose(0, 1, 3, 2, 4, 5).reshape(images.shape)


def _is_pair(value: object) -> bool:
    return isinstance(value, tuple | list) and len(value) == 2 and all(map(_is_integer, value))


def _is_integer(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)
