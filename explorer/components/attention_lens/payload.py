"""What the lens is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from explorer.components.attention_lens.lens_state import Link
from explorer.components.packing import pack
from explorer.readings import Problem, Reading, Waiting
from explorer.words.class_names import class_names
from vitcore.config import CLASS_NAMES, ViTConfig, grid_side
from vitcore.intervention import DATA_MEAN, Intervention
from vitcore.patches import as_seen

ERASED = -1  # in place of a source patch's number
_PEAK = 255  # the code of a row's maximum; all others are below


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a payload says beside the numbers of a reading."""

    of: str = ""  # what the changes belong to; sent back with them
    changes: Intervention = Intervention()
    truth: int | None = None  # index of the picture's class
    names: tuple[str, ...] = ()  # of the tokens before the patches
    pooling: str = "mean"
    placed: bool = True  # whether the model has position embeddings
    place: tuple[int, int, int] = (0, 0, 0)  # block, head and patch shown while nothing is pinned
    link: Link | None = None  # the last one that was followed
    adopt: str = ""  # new where others than the lens made the changes
    look: tuple[str, int, int] | None = None  # a new id, and the block and head to show large

    def header(self) -> dict[str, Any]:
        return {
            "of": self.of,
            "changes": changes_as_lists(self.changes),
            "prefix": list(self.names),
            "pooling": self.pooling,
            "placed": self.placed,
            "mean": DATA_MEAN.tolist(),
            "adopt": self.adopt,
            "link": self.link and self.link.header(),
            "look": None if self.look is None else list(self.look),
        }


def changes_as_lists(changes: Intervention) -> dict[str, Any]:
    """Changes as the script writes them: sorted, an erased patch's source is -1."""
    patches = sorted(changes.patches.items())
    return {
        "heads": [list(pair) for pair in sorted(changes.heads_off)],
        "patches": [[target, ERASED if s is None else s] for target, s in patches],
        "positions": changes.positions,
    }


def rows_with_peaks(shares: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of shares as 8-bit codes, precise also where one of a row takes nearly all.

    Code 255 stands for a row's maximum, which is sent as it is; the others count square roots in
    254 steps of the row's second largest share, so a row whose shares sum to 1 at most is read
    back to within 0.14 percentage points.

    Args:
        shares: (..., n) numbers of at least 0.

    Returns:
        codes (..., n) uint8, maxima (...) float32, second largest (...) float32.
    """
    first = shares.argmax(axis=-1)[..., None]
    peaks = np.take_along_axis(shares, first, axis=-1)[..., 0]
    rest = np.array(shares, np.float32)
    np.put_along_axis(rest, first, 0.0, axis=-1)
    seconds = rest.max(axis=-1)
    np.divide(rest, np.maximum(seconds, 1e-12)[..., None], out=rest)
    np.sqrt(rest, out=rest)
    codes = np.rint(rest * (_PEAK - 1)).astype(np.uint8)
    np.put_along_axis(codes, first, _PEAK, axis=-1)
    return codes, peaks.astype(np.float32), seconds.astype(np.float32)


def exact_sums(among: np.ndarray, grid: tuple[int, int]) -> np.ndarray:
    """What the readout adds up, from the shares themselves and not from their codes.

    Args:
        among: (L, H, N, N) attention between patches.
        grid: (rows, columns); N = rows * columns.

    Returns:
        (L, H, N, 4) float32: what a patch keeps for itself, gives to the rest of its row and to
        the rest of its column, and what all patches together give to it.
    """
    rows, columns = grid
    blocks, heads, count, _ = among.shape
    by_place = among.reshape(blocks, heads, rows, columns, rows, columns)
    itself = np.einsum("lhyxyx->lhyx", by_place)
    row = np.einsum("lhyxyc->lhyx", by_place) - itself
    column = np.einsum("lhyxrx->lhyx", by_place) - itself
    sums = np.empty((blocks, heads, count, 4), np.float32)
    for index, values in enumerate((itself, row, column)):
        sums[..., index] = values.reshape(blocks, heads, count)
    sums[..., 3] = among.sum(axis=2)
    return np.maximum(sums, 0.0)


def reading_payload(
    reading: Reading, *, name: str, shown: Shown, before: Reading | None = None
) -> bytes:
    """What the lens draws from a reading.

    Maps show patches only, so attention to patches is coded by its own maxima; what goes to the
    tokens before them is kept beside it as it is. The picture is the unchanged one: the script
    erases and moves its patches itself, at once.

    Args:
        reading: with the changes.
        name: of the reading, another one for another.
        shown: what else is said.
        before: the reading without the changes; by default `reading` itself.
    """
    before = before or reading
    prefix, attention = reading.prefix, reading.attention
    codes, peaks, seconds = rows_with_peaks(attention[..., prefix:])  # (L, H, T, N), 2 x (L, H, T)
    block, head, patch = shown.place
    header = {
        **shown.header(),
        "state": "reading",
        "grid": [int(side) for side in reading.grid],
        "size": list(before.picture.shape[:2]),
        "blocks": attention.shape[0],
        "heads": attention.shape[1],
        "start": {"block": block, "head": head, "patch": patch},
        "changed": reading is not before,
        "answers": _answers(before, reading, shown.truth),
        "rev": name,
    }
    return pack(
        "lens",
        header,
        rgb=before.picture,
        peaks=peaks,
        seconds=seconds,
        before=np.ascontiguousarray(attention[..., :prefix], dtype=np.float32),
        sums=exact_sums(attention[:, :, prefix:, prefix:], reading.grid),
        codes=codes,
    )


def waiting_payload(
    answer: Waiting | Problem,
    pixels: np.ndarray,
    patch_size: int,
    *,
    shown: Shown,
    config: ViTConfig | None = None,
) -> bytes:
    """What the lens draws before, or instead of, a reading: the picture with its grid."""
    seen = as_seen(pixels, patch_size)
    side = grid_side(patch_size)
    waiting = isinstance(answer, Waiting)
    state = "waiting" if waiting else "problem"
    classes = config.classes if config else len(CLASS_NAMES)
    header = {
        **shown.header(),
        "state": state,
        "what": answer.what,
        "then": answer.then,
        "done": answer.done if waiting else None,
        "grid": [side, side],
        "size": list(seen.shape[:2]),
        "blocks": config.depth if config else 6,
        "heads": config.heads if config else 3,
        "changed": False,
        "answers": {
            "names": class_names(classes),
            "truth": shown.truth,
            "now": None,
            "before": None,
        },
        "rev": f"{state}-{patch_size}",
    }
    return pack("lens", header, rgb=seen)


def _answers(before: Reading, now: Reading, truth: int | None) -> dict[str, Any]:
    return {
        "names": class_names(len(now.probabilities)),
        "truth": truth,
        "now": [round(float(p), 5) for p in now.probabilities],
        "before": [round(float(p), 5) for p in before.probabilities],
    }
