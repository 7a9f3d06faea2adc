"""One forward pass, from image to prediction: large on Overview, a bar on other pages."""

import hashlib
import html

import numpy as np
import streamlit as st

from explorer.client.results import Problem, Reading, Waiting
from explorer.components.declared import declare
from explorer.components.packing import pack, rows_as_codes, signed_as_codes
from explorer.state import Picture
from explorer.text.class_names import class_names
from explorer.text.findings import UNDECIDED, counted
from explorer.text.prefix_tokens import prefix_counts
from vitcore.config import CLASS_NAMES, ViTConfig, grid_side
from vitcore.patches import model_input

STAGES = ("overview", "patches", "positions", "encoder", "answer")
_IN_A_BLOCK = ("attention", "self_attention")  # pages on what is inside the encoder

_ribbon = declare("pipeline", sends=("goto",))


def hero(
    answer: Reading | Waiting | Problem,
    picture: Picture,
    patch_size: int,
    *,
    config: ViTConfig | None = None,
    now: str = "overview",
    key: str = "hero",
) -> str | None:
    """Draw image, patches, tokens, encoder and prediction, large.

    Image and patches are drawn at once; until there is a reading, the rest keeps its place.

    Args:
        answer: the forward pass, or what stands in its place.
        picture: the selected image.
        patch_size: P.
        config: of the selected model where it is known, so that a placeholder has its shapes.
        now: the stage that is underlined, or a page on a part of it.
        key: widget key.

    Returns:
        The stage whose name was clicked just now, one of `STAGES`, else None.
    """
    return _draw("hero", answer, picture, patch_size, config, now, key)


def strip(
    answer: Reading | Waiting | Problem,
    picture: Picture,
    patch_size: int,
    *,
    now: str,
    config: ViTConfig | None = None,
    key: str = "strip",
    explain: bool = False,
) -> str | None:
    """Draw the same chain as a strip 40 pixels high, for the top of a page; see `hero`.

    Args:
        answer, picture, patch_size, now, config, key: as of `hero`.
        explain: say below why there is no prediction, on a page that says it nowhere else.
    """
    clicked = _draw("strip", answer, picture, patch_size, config, now, key)
    if explain and isinstance(answer, Problem):
        said = html.escape(f"{answer.what} {answer.then}".strip())
        st.html(f'<p class="problem-line" role="alert">{said}</p>')
    return clicked


def fingerprint(reading: Reading) -> str:
    """A short name of a reading, the same for equal ones; a key for what is computed from it."""
    digest = hashlib.blake2b(repr((reading.patch_size, reading.attention.shape)).encode())
    # The last block's attention depends on all that went before it, whatever the head says.
    for array in (reading.picture, reading.embedded, reading.attention[-1], reading.logits):
        digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()[:16]


def _draw(
    mode: str,
    answer: Reading | Waiting | Problem,
    picture: Picture,
    patch_size: int,
    config: ViTConfig | None,
    now: str,
    key: str,
) -> str | None:
    now = "encoder" if now in _IN_A_BLOCK else now
    if isinstance(answer, Reading):
        data = _read(fingerprint(answer), picture.truth, mode, now, answer)
    else:
        data = waiting_payload(
            answer,
            picture.pixels,
            patch_size,
            truth=picture.truth,
            mode=mode,
            now=now,
            config=config,
        )
    result = _ribbon(data, key=key)
    return result.goto if result.goto in STAGES else None


@st.cache_data(max_entries=24, show_spinner=False)
def _read(name: str, truth: int | None, mode: str, now: str, _reading: Reading) -> bytes:
    return reading_payload(_reading, name=name, truth=truth, mode=mode, now=now)


def reading_payload(
    reading: Reading, *, name: str, truth: int | None, mode: str = "hero", now: str = "overview"
) -> bytes:
    """What the ribbon draws from a reading.

    Attention between patches only: prefix tokens have no position in an image. The bar carries
    no rows of attention and no patch logits, because nothing in it follows the pointer.
    """
    prefix, attention = reading.prefix, reading.attention
    blocks, heads, tokens, _ = attention.shape
    count, width = tokens - prefix, reading.embedded.shape[1]
    undecided = float(np.ptp(reading.probabilities)) < UNDECIDED
    mean = attention[:, :, prefix:, prefix:].mean(axis=1)  # (L, N, N)
    arrays = {
        "rgb": reading.picture,
        "tokens": signed_as_codes(reading.embedded),
        "received": rows_as_codes(mean.mean(axis=1))[0],
    }
    votes = reading.votes is not None and len(reading.votes) == count
    if mode == "hero":
        arrays["attention"], arrays["peak"] = rows_as_codes(mean)
        if votes:
            arrays["votes"] = reading.votes.astype(np.float32)
    header = {
        "state": "reading",
        "blocks": blocks,
        "width": width,
        "probabilities": [round(float(p), 5) for p in reading.probabilities],
        "top": -1 if undecided else int(reading.probabilities.argmax()),
        "captions": {
            **_image_captions(reading.picture.shape, reading.patch_size, count),
            "positions": f"`({tokens}, {width})`",
            "encoder": _encoder_caption(blocks, heads),
            "answer": "" if truth is None else "underlined: true label",
        },
        "rest": _at_rest(count, prefix, class_token=reading.votes is None),
    }
    shared = _shared(reading.picture, reading.patch_size, reading.grid, prefix, mode, now)
    names = class_names(len(reading.probabilities))
    return pack(
        "pipeline", {**shared, **header, "names": names, "truth": truth, "rev": name}, **arrays
    )


def waiting_payload(
    answer: Waiting | Problem,
    pixels: np.ndarray,
    patch_size: int,
    *,
    truth: int | None,
    mode: str = "hero",
    now: str = "overview",
    config: ViTConfig | None = None,
) -> bytes:
    """What the ribbon draws before, or instead of, a reading: the image and its patches."""
    seen = model_input(pixels, patch_size)
    side = grid_side(patch_size)
    count, prefix = side * side, config.num_prefix_tokens if config else 0
    shape = f"`({count + prefix}, {config.width})`" if config else ""
    waiting = isinstance(answer, Waiting)
    header = {
        "state": "waiting" if waiting else "problem",
        "what": answer.what,
        "then": answer.then,
        "done": answer.done if waiting else None,
        "blocks": config.depth if config else 6,
        "captions": {
            **_image_captions(seen.shape, patch_size, count),
            "positions": shape,
            "encoder": _encoder_caption(config.depth, config.num_heads) if config else "",
            "answer": "" if waiting else "–",
        },
    }
    shared = _shared(seen, patch_size, (side, side), prefix, mode, now)
    names = class_names(config.classes if config else len(CLASS_NAMES))
    rev = f"{header['state']}-{patch_size}"
    return pack(
        "pipeline", {**shared, **header, "names": names, "truth": truth, "rev": rev}, rgb=seen
    )


def _shared(
    seen: np.ndarray, patch_size: int, grid: tuple[int, int], prefix: int, mode: str, now: str
) -> dict:
    return {
        "mode": mode,
        "now": now,
        "grid": [int(side) for side in grid],
        "patch": patch_size,
        "prefix": prefix,
        "size": list(seen.shape[:2]),
    }


def _image_captions(shape: tuple[int, ...], patch_size: int, count: int) -> dict[str, str]:
    return {
        "overview": f"`({shape[0]}, {shape[1]}, 3)`",
        "patches": f"{count} × `({patch_size}, {patch_size}, 3)`",
    }


def _encoder_caption(blocks: int, heads: int) -> str:
    return f"{counted(blocks, 'block')} × {counted(heads, 'head')}"


def _at_rest(count: int, prefix: int, *, class_token: bool) -> str:
    rows = [*prefix_counts(prefix, class_token=class_token), counted(count, "patch")]
    hint = "" if count == 1 else " Hover over a patch to follow it."
    return f"Rows of Tokens: {', then '.join(rows)} (blue < 0 < orange).{hint}"
