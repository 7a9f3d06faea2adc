"""The lens: for the patch under the pointer, where every head of every block looks."""

from collections.abc import Callable

import numpy as np
import streamlit as st

from explorer.components.declared import declare, no_callback
from explorer.components.packing import pack, rows_as_codes
from explorer.components.ribbon import fingerprint
from explorer.findings import Striking
from explorer.readings import Problem, Reading, Waiting
from explorer.state import Picture
from vitcore.config import ViTConfig, grid_side
from vitcore.patches import as_seen

_lens = declare("lens")


def lens(
    answer: Reading | Waiting | Problem,
    picture: Picture,
    patch_size: int,
    *,
    start: Striking | None,
    config: ViTConfig | None = None,
    key: str = "lens",
    on_change: Callable[[], None] | None = None,
) -> int | None:
    """Draw the picture and one map of attention per head of each block.

    Pointing, direction, scale and opacity stay in the browser; only a pin comes back.

    Args:
        answer: what the model said, or what stands in its place.
        picture: the chosen picture.
        patch_size: P.
        start: the map shown large and the patch that looks while nothing is pinned; needed where
            `answer` is a reading.
        config: of the chosen model where it is known.
        key: widget key.
        on_change: called before the next run when a patch was pinned or let go;
            `pinned_patch(st.session_state[key], patch_size)` has it.

    Returns:
        The patch that was pinned here, counted row by row in the present grid, or None.
    """
    names = prefix_names(answer, config)
    if isinstance(answer, Reading):
        place = (start.block, start.head, start.patch)
        data = _read(fingerprint(answer), place, names, answer)
    else:
        data = waiting_payload(answer, picture.pixels, patch_size, names=names, config=config)
    result = _lens(
        key=key,
        data=data,
        default={"pinned": None},
        on_pinned_change=on_change or no_callback,
        height="content",
    )
    return pinned_patch(result, patch_size)


def pinned_patch(result: object, patch_size: int) -> int | None:
    """The pinned patch in the present grid, from what JavaScript sent: [patch, rows, columns].

    A pin made at another patch size is moved to the patch at the same place of the picture.
    """
    sent = getattr(result, "pinned", None)
    if not isinstance(sent, (list, tuple)) or len(sent) != 3:
        return None
    if not all(isinstance(number, int) and not isinstance(number, bool) for number in sent):
        return None
    patch, rows, columns = sent
    if not (0 < rows <= 1024 and 0 < columns <= 1024 and 0 <= patch < rows * columns):
        return None
    row, column = divmod(patch, columns)
    side = grid_side(patch_size)
    return int((row + 0.5) / rows * side) * side + int((column + 0.5) / columns * side)


def prefix_names(answer: Reading | Waiting | Problem, config: ViTConfig | None) -> tuple[str, ...]:
    """What the tokens before the patches are called, in their order."""
    known = config.prefix if config else 0
    count = answer.prefix if isinstance(answer, Reading) else known
    first = ("class",) if count and (config is None or config.pooling == "class") else ()
    return first + tuple(f"register {number + 1}" for number in range(count - len(first)))


@st.cache_data(max_entries=12, show_spinner=False)
def _read(
    name: str, place: tuple[int, int, int], names: tuple[str, ...], _reading: Reading
) -> bytes:
    return reading_payload(_reading, name=name, place=place, names=names)


def reading_payload(
    reading: Reading, *, name: str, place: tuple[int, int, int], names: tuple[str, ...]
) -> bytes:
    """What the lens draws from a reading.

    Maps show patches only, so attention to patches is coded by its own maximum; what goes to the
    tokens before them is kept beside it as it is.
    """
    prefix, attention = reading.prefix, reading.attention
    codes, peaks = rows_as_codes(attention[..., prefix:])  # (L, H, T, N), (L, H, T)
    block, head, patch = place
    header = {
        "state": "reading",
        "grid": [int(side) for side in reading.grid],
        "size": list(reading.picture.shape[:2]),
        "blocks": attention.shape[0],
        "heads": attention.shape[1],
        "prefix": list(names),
        "start": {"block": block, "head": head, "patch": patch},
        "rev": name,
    }
    before = np.ascontiguousarray(attention[..., :prefix], dtype=np.float32)
    return pack("lens", header, rgb=reading.picture, peaks=peaks, before=before, codes=codes)


def waiting_payload(
    answer: Waiting | Problem,
    pixels: np.ndarray,
    patch_size: int,
    *,
    names: tuple[str, ...] = (),
    config: ViTConfig | None = None,
) -> bytes:
    """What the lens draws before, or instead of, a reading: the picture with its grid."""
    seen = as_seen(pixels, patch_size)
    side = grid_side(patch_size)
    waiting = isinstance(answer, Waiting)
    state = "waiting" if waiting else "problem"
    header = {
        "state": state,
        "what": answer.what,
        "then": answer.then,
        "done": answer.done if waiting else None,
        "grid": [side, side],
        "size": list(seen.shape[:2]),
        "blocks": config.depth if config else 6,
        "heads": config.heads if config else 3,
        "prefix": list(names),
        "rev": f"{state}-{patch_size}",
    }
    return pack("lens", header, rgb=seen)
