"""Export: everything on the page as files, as a link and as a script."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import streamlit as st
from PIL import Image

from explorer import client, state
from explorer.client.results import Reading
from explorer.views.attention import share_link, view_state
from explorer.views.attention.common import (
    Asked,
    as_npz,
    changes_of,
    colours,
    download,
    in_its_place,
    quiet,
)
from explorer.views.attention.lens_file import lens_html
from explorer.views.attention.script import State, script
from explorer.views.attention.url_codec import LensState
from vitcore.interpret.attention_metrics import pooled_attention
from vitcore.intervention import Intervention
from vitcore.lens.figure import heads_figure


def draw(asked: Asked, *, fusion: str, discard: float) -> None:
    """Files, link and script of what the page shows now."""
    changes = view_state.changes(asked.model, asked.picture, asked.patch_size)
    reading = asked.reading
    if changes != Intervention():
        reading = client.reading(
            asked.model, asked.picture, asked.patch_size, intervention=changes, slot="lens"
        )
    if not isinstance(reading, Reading):
        in_its_place(reading, height=480)
        return
    left, right = st.columns([10, 11], gap="large")
    with left:
        st.subheader("Files", anchor=False)
        _files(asked, reading)
        st.subheader("Share link", anchor=False)
        _link(asked, fusion=fusion, discard=discard)
    with right:
        st.subheader("Python script", anchor=False)
        text = script(shown(asked, changes, fusion=fusion, discard=discard))
        quiet(f"{len(text.splitlines())} lines, reproduces this page.")
        row = st.container(horizontal=True, gap="small")
        download("Download (.py)", lambda: text, asked.file("page.py"), key="script", place=row)
        with st.expander("Show script", expanded=False):
            st.code(text, language="python", height=420)


def shown(asked: Asked, changes: Intervention, *, fusion: str, discard: float) -> State:
    """All that the page's figures depend on."""
    listed = asked.picture.source not in state.OWN
    return State(
        model=asked.model,
        source=asked.picture.source,
        name=asked.picture.name,
        truth=asked.picture.truth if listed else None,
        patch_size=asked.patch_size,
        changes=changes,
        answer=asked.answer,
        other=asked.other,
        fusion=fusion,
        discard=discard,
        pooling=asked.config.pooling,
        prefix=asked.reading.prefix,
        pinned=state.pinned(),
        looked_at=view_state.present(*_of(asked)).looked_at,
        masked=asked.picture.mask is not None and listed,
    )


def _files(asked: Asked, reading: Reading) -> None:
    lens, ramp = view_state.present(*_of(asked)), colours().sequential
    places = [place for _ in range(3) for place in st.columns(2)]
    download(
        "Activations (NPZ)", lambda: reading_npz(reading), asked.file("activations.npz"),
        key="reading_npz", place=places[0],
    )  # fmt: skip
    download(
        "Image (PNG)", lambda: png(asked.picture.pixels), "image.png",
        key="picture_png", place=places[1],
    )  # fmt: skip
    download(
        "Model input (PNG)", lambda: png(reading.picture), asked.file("input.png"),
        key="seen_png", place=places[3],
    )  # fmt: skip
    download(
        "Attention maps (PNG)",
        lambda: png(all_heads(asked, reading, lens, ramp)),
        asked.file("heads.png"),
        key="heads_png",
        place=places[2],
    )
    download(
        "Attention view (HTML)", lambda: lens_html(asked, reading, lens), asked.file("lens.html"),
        key="lens_html", place=places[4],
    )  # fmt: skip
    quiet("Activations: attention, logits, logit lens, patch logits, token norms (float32).")


def _of(asked: Asked) -> tuple[str, state.Picture, int]:
    return asked.model, asked.picture, asked.patch_size


def maps_of(asked: Asked, reading: Reading, lens: LensState) -> np.ndarray:
    """All heads' maps (L, H, rows, columns), of the pinned patch or pooled."""
    if lens.pinned is None:
        how = {"pooling": asked.config.pooling, "num_prefix_tokens": reading.prefix}
        maps = pooled_attention(reading.attention, **how)
    elif lens.looked_at:
        maps = reading.attention[:, :, reading.prefix :, reading.prefix + lens.pinned]
    else:
        maps = reading.attention[:, :, reading.prefix + lens.pinned, reading.prefix :]
    return maps.reshape(*maps.shape[:2], *reading.grid)


def whose(asked: Asked, lens: LensState) -> str:
    """What the maps of all heads show, in words."""
    if lens.pinned is not None:
        row, column = divmod(lens.pinned, asked.reading.grid[1])
        patch = f"({row + 1}, {column + 1})"
        return f"Attention to key {patch}" if lens.looked_at else f"Attention of query {patch}"
    if asked.config.pooling == "class":
        return "Attention of the class token"
    return "Attention averaged over queries"


def all_heads(asked: Asked, reading: Reading, lens: LensState, ramp: Sequence[str]) -> np.ndarray:
    """The figure of all heads, (pixels, pixels, 3) uint8."""
    changed = ", with interventions" if changes_of(asked) != Intervention() else ""
    said, pinned = whose(asked, lens), lens.pinned
    return heads_figure(
        maps_of(asked, reading, lens),
        reading.picture,
        ramp,
        title=f"{asked.picture.name}, {asked.model}, P = {asked.patch_size}",
        lines=[f"{said}{changed}"],
        query=None if pinned is None else divmod(pinned, reading.grid[1]),
        shared=lens.common,
    )


def reading_npz(reading: Reading) -> bytes:
    """All activations by their names."""
    arrays = {
        "attention": reading.attention,
        "logits": reading.logits,
        "probabilities": reading.probabilities,
        "embedded": reading.embedded,
        "early": reading.early,
        "early_by_patch": reading.early_by_patch,
        "norms": reading.norms,
        "picture": reading.picture,
        "grid": np.array(reading.grid),
        "prefix": np.array(reading.prefix),
        "patch_size": np.array(reading.patch_size),
    }
    if reading.votes is not None:
        arrays["votes"] = reading.votes
    return as_npz(**arrays)


def png(pixels: np.ndarray) -> bytes:
    """An image (H, W, 3) uint8, pixel for pixel."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def _link(asked: Asked, *, fusion: str, discard: float) -> None:
    if asked.picture.source in state.OWN:
        quiet("Links cannot include your own image. Send the image and the script instead.")
        return
    st.code(link(asked, fusion=fusion, discard=discard), language=None, wrap_lines=True)


def link(asked: Asked, *, fusion: str, discard: float) -> str:
    """The URL that shows this page to another person."""
    return share_link.address(
        (st.context.url or "").partition("?")[0],
        picture=asked.picture,
        patch_size=asked.patch_size,
        model=asked.model,
        lens=view_state.present(asked.model, asked.picture, asked.patch_size),
        side=asked.reading.grid[0],
        heads=asked.config.num_heads,
        other=asked.names[asked.other],
        fusion=fusion,
        discard=discard,
        panel=st.session_state.get("attention_panel") or "Logit lens",
    )
