"""One forward pass, from image to prediction: large on Overview, a bar on other pages."""

import hashlib
import html

import numpy as np
import streamlit as st

from explorer.components.declared import declare
from explorer.components.packing import pack, rows_as_codes, signed_as_codes
from explorer.records import ModelOutput
from explorer.results import Failure, Pending, Ready, Result
from explorer.selection import Selection
from explorer.text.findings import UNDECIDED, counted
from explorer.text.language import current, tr
from explorer.text.names import class_names, prefix_counts, shown_names

STAGES = ("overview", "patches", "positions", "encoder", "answer")
_IN_A_BLOCK = ("attention", "self_attention")  # pages on what is inside the encoder

_ribbon = declare("pipeline", sends=("goto",))


def hero(
    result: Result[ModelOutput], selection: Selection, *, now: str = "overview", key: str = "hero"
) -> str | None:
    """Draw image, patches, tokens, encoder and prediction, large.

    Image and patches are drawn at once; until the forward pass is ready, the rest keeps its place.

    Args:
        result: the forward pass.
        selection: what it is about.
        now: the stage that is underlined, or a page on a part of it.
        key: widget key.

    Returns:
        The stage whose name was clicked just now, one of `STAGES`, else None.
    """
    return _draw("hero", result, selection, now, key)


def strip(
    result: Result[ModelOutput],
    selection: Selection,
    *,
    now: str,
    key: str = "strip",
    note: str = "",
    explain: bool = False,
) -> str | None:
    """Draw the same chain as a strip 40 pixels high, for the top of a page; see `hero`.

    Args:
        result, selection, now, key: as of `hero`.
        note: of the prediction, behind the name of its model.
        explain: say below why there is no prediction, on a page that says it nowhere else.
    """
    clicked = _draw("strip", result, selection, now, key, note)
    if explain and isinstance(result, Failure):
        said = html.escape(f"{result.message} {result.hint}".strip())
        st.html(f'<p class="problem-line" role="alert">{said}</p>')
    return clicked


def fingerprint(output: ModelOutput) -> str:
    """A short name of a forward pass, the same for equal ones: a key for what is made of it."""
    digest = hashlib.blake2b(repr((output.patch_size, output.attention.shape)).encode())
    # The last block's attention depends on all that went before it, whatever the head says.
    for array in (output.image, output.tokens, output.attention[-1], output.logits):
        digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()[:16]


def _draw(
    mode: str,
    result: Result[ModelOutput],
    selection: Selection,
    now: str,
    key: str,
    note: str = "",
) -> str | None:
    now = "encoder" if now in _IN_A_BLOCK else now
    if isinstance(result, Ready):
        output = result.value
        of = selection.model_name
        if note:
            of = tr("{model}, {note}", model=of, note=note)
        label = selection.truth
        data = _packed(fingerprint(output), current(), label, mode, now, of, output)
    else:
        data = placeholder_payload(result, selection, mode=mode, now=now)
    sent = _ribbon(data, key=key)
    return sent.goto if sent.goto in STAGES else None


@st.cache_data(max_entries=24, show_spinner=False)
def _packed(
    name: str,
    language: str,  # noqa: ARG001 - of its words
    truth: int | None,
    mode: str,
    now: str,
    of: str,
    _output: ModelOutput,
) -> bytes:
    return output_payload(_output, name=name, truth=truth, mode=mode, now=now, of=of)


def output_payload(
    output: ModelOutput,
    *,
    name: str,
    truth: int | None,
    mode: str = "hero",
    now: str = "overview",
    of: str = "",
) -> bytes:
    """What the ribbon draws from a forward pass.

    Attention between patches only: prefix tokens have no position in an image. The bar carries
    no rows of attention and no patch logits, because nothing in it follows the pointer.
    """
    prefix, attention = output.num_prefix_tokens, output.attention
    blocks, heads, tokens, _ = attention.shape
    count, width = tokens - prefix, output.tokens.shape[1]
    undecided = float(np.ptp(output.probabilities)) < UNDECIDED
    mean = attention[:, :, prefix:, prefix:].mean(axis=1)  # (L, N, N)
    arrays = {
        "rgb": output.image,
        "tokens": signed_as_codes(output.tokens),
        "received": rows_as_codes(mean.mean(axis=1))[0],
    }
    patch_logits = output.patch_logits is not None and len(output.patch_logits) == count
    if mode == "hero":
        arrays["attention"], arrays["peak"] = rows_as_codes(mean)
        if patch_logits:
            arrays["patch_logits"] = output.patch_logits.astype(np.float32)
    header = {
        "state": "reading",
        "blocks": blocks,
        "width": width,
        "probabilities": [round(float(p), 5) for p in output.probabilities],
        "of": of,  # whose prediction the bar shows
        "top": -1 if undecided else int(output.probabilities.argmax()),
        "captions": {
            **_image_captions(output.image.shape, output.patch_size, count),
            "positions": f"`({tokens}, {width})`",
            "encoder": _encoder_caption(blocks, heads),
            "answer": "" if truth is None else tr("underlined: true label"),
        },
        "rest": _at_rest(count, prefix, class_token=output.patch_logits is None),
    }
    shared = _shared(output.image, output.patch_size, output.grid, prefix, mode, now)
    names = shown_names(class_names(len(output.probabilities)))
    return pack(
        "pipeline", {**shared, **header, "names": names, "truth": truth, "rev": name}, **arrays
    )


def placeholder_payload(
    result: Pending | Failure, selection: Selection, *, mode: str = "hero", now: str = "overview"
) -> bytes:
    """What is drawn before, or instead of, a forward pass: the image and its patches."""
    config, patch_size = selection.config, selection.patch_size
    seen, side = selection.model_input, selection.side
    count, prefix = side * side, config.num_prefix_tokens if config else 0
    shape = f"`({count + prefix}, {config.width})`" if config else ""
    waiting = isinstance(result, Pending)
    header = {
        "state": "waiting" if waiting else "problem",
        "what": result.message,
        "then": result.hint,
        "done": result.progress if waiting else None,
        "blocks": config.depth if config else 6,
        "captions": {
            **_image_captions(seen.shape, patch_size, count),
            "positions": shape,
            "encoder": _encoder_caption(config.depth, config.num_heads) if config else "",
            "answer": "" if waiting else "–",
        },
    }
    shared = _shared(seen, patch_size, (side, side), prefix, mode, now)
    names, truth = selection.shown_names, selection.truth
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
    said = tr("Rows of Tokens: {rows} (blue < 0 < orange).", rows=tr(", then ").join(rows))
    return said if count == 1 else said + tr(" Select a patch to follow it.")
