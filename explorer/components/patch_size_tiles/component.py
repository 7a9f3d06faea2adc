"""The image in patches of every size, side by side, each with its prediction."""

from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np

from explorer.components.declared import declare
from explorer.components.packing import pack
from explorer.records import ModelOutput
from explorer.results import Failure, Ready, Result
from explorer.selection import Selection
from explorer.text.findings import UNDECIDED, counted
from explorer.text.names import shown_names
from vitcore.config import PATCH_SIZES, grid_side
from vitcore.patches import resize_image

_cuts = declare("patch_size_tiles", sends=("patch_size",))


def cut_sizes(
    results: Mapping[int, Result[ModelOutput]],
    selection: Selection,
    *,
    known: Mapping[int, str] | None = None,
    key: str = "cut_sizes",
    on_change: Callable[[], None] | None = None,
) -> int | None:
    """Draw one tile per patch size; what has no prediction yet keeps its place, dimmed.

    Args:
        results: by patch size; a size without one is drawn as pending.
        selection: the selected image, model and patch size, which is marked by a line.
        known: by patch size, the model's test accuracy there, in a word or two.
        key: widget key.
        on_change: called before the next run when a tile was clicked; `chosen_size(key)` has it.

    Returns:
        The patch size that was clicked just now, else None.
    """
    shares = {s: r.value.probabilities for s, r in results.items() if isinstance(r, Ready)}
    refused = {size for size, result in results.items() if isinstance(result, Failure)}
    data = cut_payload(
        shares,
        selection.image.pixels,
        selection.patch_size,
        image_size=selection.image_size,
        names=selection.shown_names,
        truth=selection.truth,
        refused=refused,
        prefix=selection.config.num_prefix_tokens if selection.config else 0,
        known=known,
    )
    result = _cuts(data, key=key, patch_size=on_change)
    return chosen_size(result)


def chosen_size(result: object) -> int | None:
    """The clicked patch size, from the result or `st.session_state[key]`; None if not valid."""
    size = getattr(result, "patch_size", None)
    return size if isinstance(size, int) and size in PATCH_SIZES else None


def cut_payload(
    shares: Mapping[int, np.ndarray],
    pixels: np.ndarray,
    patch_size: int,
    *,
    truth: int | None,
    image_size: int = 32,
    names: Sequence[str] | None = None,
    refused: Collection[int] = (),
    prefix: int = 0,
    known: Mapping[int, str] | None = None,
) -> bytes:
    """What the tiles draw.

    Args:
        shares: by patch size, the probabilities (C,) the model gave.
        pixels: (32, 32, 3) uint8.
        patch_size: the present one.
        truth: index of the image's class, or None.
        image_size: pixels per side of the model's images.
        names: of the C classes; by default CIFAR-10's.
        refused: patch sizes for which no prediction is to come.
        prefix: tokens before the patches.
        known: by patch size, the model's test accuracy there, in a word or two.
    """
    sides = {size: grid_side(size, image_size) for size in PATCH_SIZES if size <= image_size}
    tiles = [
        _tile(size, side, shares.get(size), prefix, awaited=size not in refused)
        | {"known": (known or {}).get(size, "")}
        for size, side in sides.items()
    ]
    seen = [resize_image(pixels, size * side).ravel() for size, side in sides.items()]
    names = list(names or shown_names())
    header = {"tiles": tiles, "present": patch_size, "names": names, "truth": truth}
    return pack("patch_size_tiles", header, rgb=np.concatenate(seen))


def _tile(size: int, side: int, shares: np.ndarray | None, prefix: int, *, awaited: bool) -> dict:
    tile = {"patch": size, "grid": side, "tokens": counted(prefix + side**2, "token")}
    if shares is None:
        return {**tile, "share": None, "top": -1, "awaited": awaited}
    top = int(shares.argmax())
    decided = float(np.ptp(shares)) >= UNDECIDED
    return {**tile, "share": round(float(shares[top]), 5), "top": top if decided else -1}
