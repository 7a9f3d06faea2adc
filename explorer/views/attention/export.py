"""Export: everything on the page as files, as a link and as a script."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer import client, pin, url, url_fields
from explorer.components.attention_lens.lens_state import LensState
from explorer.components.png import png
from explorer.records import ModelOutput
from explorer.results import Ready
from explorer.text.language import tr
from explorer.views.attention import view_state
from explorer.views.attention.common import (
    AnalysisContext,
    as_npz,
    colours,
    download,
    draw_placeholder,
    quiet,
)
from explorer.views.attention.lens_file import lens_html
from explorer.views.attention.script import State, script
from vitcore.interpret.attention_metrics import pooled_attention
from vitcore.lens.figure import heads_figure

_SLIDE = 512  # pixels per side, at least, of an image for a slide


def columns() -> tuple[DeltaGenerator, DeltaGenerator]:
    """Where files and the link stand, and where the script: below its name, what it depends on."""
    left, right = st.columns([10, 11], gap="large")
    right.subheader(tr("Python script"), anchor=False)
    return left, right.container()


def draw(
    context: AnalysisContext,
    left: DeltaGenerator,
    right: DeltaGenerator,
    *,
    fusion: str,
    discard: float,
) -> None:
    """Files, link and script of what the page shows now, in the places of `columns`."""
    output = context.baseline
    if context.selection.intervened:
        result = client.forward(context.selection, newest=True)
        if not isinstance(result, Ready):
            with left:
                draw_placeholder(result, height=480)
            return
        output = result.value
    with left:
        st.subheader(tr("Files"), anchor=False)
        _files(context, output)
        st.subheader(tr("Share link"), anchor=False)
        _link(context, fusion=fusion, discard=discard)
    with right:
        text = script(shown(context, fusion=fusion, discard=discard))
        quiet(tr("{count} lines, reproduces this page.", count=len(text.splitlines())))
        row = st.container(horizontal=True, gap="small")
        download(
            tr("Download (.py)"),
            lambda: text,
            context.selection.file("page.py"),
            key="script",
            place=row,
        )
        with st.expander(tr("Show script"), expanded=False):
            st.code(text, language="python", height=420)


def shown(context: AnalysisContext, *, fusion: str, discard: float) -> State:
    """All that the page's figures depend on."""
    selection = context.selection
    return State(
        model=context.model.name,
        image=selection.image,
        patch_size=selection.patch_size,
        changes=selection.intervention,
        answer=context.predicted,
        other=context.other,
        fusion=fusion,
        discard=discard,
        pooling=context.model.config.pooling,
        prefix=context.baseline.num_prefix_tokens,
        pinned=selection.pinned,
        looked_at=view_state.lens_state(selection).looked_at,
    )


def _files(context: AnalysisContext, output: ModelOutput) -> None:
    lens, ramp = view_state.lens_state(context.selection), colours().sequential
    file = context.selection.file
    places = [place for _ in range(3) for place in st.columns(2)]
    image, seen = context.selection.image.pixels, output.image
    download(
        tr("Activations (NPZ)"), lambda: activations_npz(output, image), file("activations.npz"),
        key="activations_npz", place=places[0],
    )  # fmt: skip
    download(
        tr("Image (PNG)"), lambda: png(enlarged(image)), "image.png",
        key="image_png", place=places[1], help=_how_enlarged(image),
    )  # fmt: skip
    download(
        tr("Model input (PNG)"),
        lambda: png(enlarged(seen)),
        file(f"input-{enlargement(seen)}x.png"),
        key="seen_png",
        place=places[3],
        help=_how_enlarged(seen),
    )
    download(
        tr("Attention maps (PNG)"),
        lambda: png(all_heads(context, output, lens, ramp)),
        file("heads.png"),
        key="heads_png",
        place=places[2],
    )
    download(
        tr("Attention view (HTML)"), lambda: lens_html(context, output, lens), file("lens.html"),
        key="lens_html", place=places[4],
    )  # fmt: skip
    quiet(
        tr(
            "Activations: attention, logits, logit lens, patch logits, token norms (float32); "
            "image and model input (uint8)."
        )
    )


def _how_enlarged(pixels: np.ndarray) -> str:
    return tr(
        "Enlarged {times}× (nearest neighbor). Exact pixels: Activations (NPZ).",
        times=enlargement(pixels),
    )


def maps_of(context: AnalysisContext, output: ModelOutput, lens: LensState) -> np.ndarray:
    """All heads' maps (L, H, rows, columns), of the pinned patch or pooled."""
    pinned = context.selection.pinned
    if pinned is None:
        how = {
            "pooling": context.model.config.pooling,
            "num_prefix_tokens": output.num_prefix_tokens,
        }
        maps = pooled_attention(output.attention, **how)
    elif lens.looked_at:
        maps = output.attention[:, :, output.num_prefix_tokens :, output.num_prefix_tokens + pinned]
    else:
        maps = output.attention[:, :, output.num_prefix_tokens + pinned, output.num_prefix_tokens :]
    return maps.reshape(*maps.shape[:2], *output.grid)


def whose(context: AnalysisContext, lens: LensState) -> str:
    """What the maps of all heads show, in words."""
    pinned = context.selection.pinned
    if pinned is not None:
        row, column = divmod(pinned, context.baseline.grid[1])
        patch = f"({row + 1}, {column + 1})"
        return f"Attention to key {patch}" if lens.looked_at else f"Attention of query {patch}"
    if context.model.config.pooling == "class":
        return "Attention of the class token"
    return "Attention averaged over queries"


def all_heads(
    context: AnalysisContext, output: ModelOutput, lens: LensState, ramp: Sequence[str]
) -> np.ndarray:
    """The figure of all heads, (pixels, pixels, 3) uint8."""
    changed = ", with interventions" if context.selection.intervened else ""
    said, pinned = whose(context, lens), context.selection.pinned
    return heads_figure(
        maps_of(context, output, lens),
        output.image,
        ramp,
        title=context.title,
        lines=[f"{said}{changed}"],
        query=None if pinned is None else divmod(pinned, output.grid[1]),
        shared=lens.common,
    )


def activations_npz(output: ModelOutput, image: np.ndarray) -> bytes:
    """All activations by their names, and the selected image (H, W, 3) uint8."""
    arrays = {
        "attention": output.attention,
        "logits": output.logits,
        "probabilities": output.probabilities,
        "tokens": output.tokens,
        "logit_lens": output.logit_lens,
        "patch_logit_lens": output.patch_logit_lens,
        "token_norms": output.token_norms,
        "image": image,
        "model_input": output.image,
        "grid": np.array(output.grid),
        "num_prefix_tokens": np.array(output.num_prefix_tokens),
        "patch_size": np.array(output.patch_size),
    }
    if output.patch_logits is not None:
        arrays["patch_logits"] = output.patch_logits
    return as_npz(**arrays)


def enlargement(pixels: np.ndarray) -> int:
    """By how much an image is enlarged for slides: a whole factor."""
    return -(-_SLIDE // min(pixels.shape[:2]))


def enlarged(pixels: np.ndarray) -> np.ndarray:
    """An image (H, W, 3) with each pixel repeated, at least 512 pixels high and wide."""
    factor = enlargement(pixels)
    return pixels.repeat(factor, axis=0).repeat(factor, axis=1)


def _link(context: AnalysisContext, *, fusion: str, discard: float) -> None:
    if context.selection.image.is_own:
        quiet(tr("Links cannot include your own image. Send the image and the script instead."))
        return
    st.code(link(context, fusion=fusion, discard=discard), language=None, wrap_lines=True)


def link(context: AnalysisContext, *, fusion: str, discard: float) -> str:
    """The URL that shows this page to another person."""
    return url.address(
        (st.context.url or "").partition("?")[0],
        selection=context.selection,
        view=view_state.lens_state(context.selection),
        pin=pin.pinned(),
        other=context.names[context.other],
        fusion=fusion,
        discard=discard,
        panel=st.session_state.get("attention_panel") or url_fields.PANELS[0],
    )
