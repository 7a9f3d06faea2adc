"""Encoder: one token on its way through the whole forward pass, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st

from explorer import client, components, state, url, url_fields
from explorer.components.attention_lens.component import prefix_names
from explorer.components.declared import in_window
from explorer.components.encoder.component import microscope
from explorer.components.encoder.payload import block_payload
from explorer.components.encoder_decoder.component import encoder_decoder
from explorer.components.encoder_depth.component import depth, depth_payload
from explorer.components.encoder_norms.component import norm_payload, norms
from explorer.components.encoder_residual.component import residual, residual_payload
from explorer.components.pipeline.component import fingerprint
from explorer.navigation import goto
from explorer.records import BlockPass, ModelOutput, NormSample
from explorer.results import Failure, Pending, Ready, Result
from explorer.selection import ModelRef, selected
from explorer.text import encoder_findings
from explorer.text.encoder_snippets import snippets
from explorer.text.language import tr
from vitcore.config import ViTConfig

_FIRST = "norm1"  # the stage that is open where no link asks for another
_HEIGHT = 720


View = dict[str, Any]  # what the microscope shows, by the fields of the URL


def view_now() -> View:
    """What the URL says that the microscope shows, or what it shows where that says nothing."""
    words = {name: st.session_state.get(name, "") for name in url_fields.ENCODER}
    values, _ = url.read(words, url_fields.ENCODER, url.known_of(selection))
    return {"block": 1, "stage": _FIRST, "rows": False, "terms": "", **values}


def asked_of(view: View) -> View:
    """The last view that did not come from the figure: of a link, a tour, the back button.

    Its "turn" counts them; as long as it is the same, the figure shows what was chosen in it.
    """
    if st.session_state.get("encoder_told") != view:
        turn = st.session_state.get("encoder_asked", {"turn": 0})["turn"] + 1
        st.session_state.update(encoder_told=view, encoder_asked={**view, "turn": turn})
    return st.session_state["encoder_asked"]


def keep_view() -> None:
    sent = getattr(st.session_state.get("encoder"), "view", None)
    words = url.words_of(sent, url_fields.ENCODER, url.known_of(selection))
    st.session_state.update(words)
    st.session_state["encoder_told"] = view_now()


def draw_fields(names: Sequence[str]) -> None:
    for name in names:
        state.in_url(name)


@st.fragment(key="encoder_block")
def draw_block(model: ModelRef, output: ModelOutput) -> None:
    """All that follows the block; choosing a block or a stage runs this part alone."""
    draw_fields(url_fields.ENCODER)
    view = view_now()
    block = view["block"] - 1
    seen, sample = (ask(selection, block) for ask in (client.block_pass, client.norm_sample))
    if state.in_fragment() and (isinstance(seen, Pending) or isinstance(sample, Pending)):
        st.rerun()  # the page asks again once there is news, a part of it does not
    draw_microscope(model, output, view, seen)
    components.how_to_read(
        "encoder",
        code=components.source_of(
            "vitcore/layers/encoder.py", "LayerNorm.call", "MLP.call", "Block.call"
        ),
        example="encoder_block",
    )
    draw_residuals(model, output)
    draw_norms(model.config, output, block, sample)


def draw_microscope(
    model: ModelRef, output: ModelOutput, view: View, result: Result[BlockPass]
) -> None:
    """The diagram and the opened stage."""
    config, image = model.config, selection.image
    stage, without = view["stage"], None
    if stage in ("residual1", "residual2") and isinstance(result, Ready):
        without = client.residual_ablation(selection).value
    data = None  # the last one stays until its successor is there
    if isinstance(result, Ready):
        data = block_payload(
            result.value,
            client.weights(model),
            config,
            opened=stage,
            asked=asked_of(view),
            prefix=prefix_names(output, config),
            snippets=snippets(model, image, selection.patch_size),
            truth=selection.truth,
            without=without,
            rev=f"{rev}-{result.value.block}",
        )
    elif isinstance(result, Failure) or not in_window("encoder"):
        components.placeholder(result, height=_HEIGHT)
        return
    if page := microscope(data, key="encoder", on_view=keep_view):
        goto(page)


def draw_residuals(model: ModelRef, output: ModelOutput) -> None:
    """The prediction without one side of each sum."""
    key, known = "encoder_residual", url.known_of(selection)
    asked = state.asked(key, url_fields.RESIDUALS, known)
    result = client.residual_ablation(selection)
    name = tr("Residual connections")
    if not isinstance(result, Ready):
        components.figure_heading(name)
        components.placeholder(result, height=260)
        return
    found = result.value
    finding = encoder_findings.residual_finding(found, output.probabilities)
    components.figure_heading(name, finding, key=key)
    data = residual_payload(
        found,
        output.probabilities,
        names=model.shown_names,
        truth=selection.truth,
        asked=asked,
        rev=rev,
    )
    residual(data, key=key, view=partial(state.keep, key, url_fields.RESIDUALS, known))
    components.how_to_read(
        "encoder_residual",
        code=components.source_of(
            "vitcore/interpret/branches.py", "answers_without", "one_block", "_joined"
        ),
    )


def draw_norms(
    config: ViTConfig, output: ModelOutput, block: int, result: Result[NormSample]
) -> None:
    """What four normalizations average."""
    key, known = "encoder_norms", url.known_of(selection)
    name, asked = tr("Normalization axes"), state.asked(key, url_fields.NORMS, known)
    data = None  # while another is awaited, the last one stays
    if isinstance(result, Ready):
        data = norm_payload(
            result.value,
            block=block,
            prefix=prefix_names(output, config),
            grid=output.grid,
            asked=asked,
            rev=f"{rev}-{block}",
        )
    if data is None and (isinstance(result, Failure) or not in_window(key)):
        components.figure_heading(name)
        components.placeholder(result, height=300)
    else:
        components.figure_heading(name, encoder_findings.norm_finding(config.width))
        view = partial(state.keep, key, url_fields.NORMS, known)
        norms(data, key=key, view=view)
    components.how_to_read(
        "encoder_norms",
        code=components.source_of("vitcore/interpret/norm_axes.py", "norm_axes"),
    )


def draw_depth(model: ModelRef, output: ModelOutput) -> None:
    """The prediction after each block."""
    names, truth = model.shown_names, selection.truth
    finding = encoder_findings.depth_finding(output.logit_lens, names)
    components.figure_heading(tr("Logit lens"), finding, key="encoder_depth")
    depth(
        depth_payload(output.logit_lens, names=names, truth=truth, rev=rev),
        key="encoder_depth",
    )
    components.how_to_read(
        "encoder_depth_class_token" if model.config.pooling == "class" else "encoder_depth",
        code=components.source_of("vitcore/interpret/logit_lens.py", "logit_lens"),
    )


def draw_encoder_decoder() -> None:
    """The original Transformer, and what a ViT keeps of it."""
    components.figure_heading(
        tr("Encoder-decoder Transformer"),
        tr("ViT keeps the encoder: self-attention, one of three uses of attention."),
    )
    encoder_decoder(key="encoder_decoder")
    components.how_to_read("encoder_decoder", example="encoder_decoder")


selection = selected()
model, result = selection.model, client.forward(selection)
if stage := components.strip(result, selection, now="attention"):
    goto(stage)

finding = ""
if isinstance(result, Ready):
    finding = encoder_findings.encoder_finding(result.value.logit_lens, selection.shown_names)
components.page_heading(tr("Encoder"), finding, key="encoder")
if isinstance(result, Ready) and not isinstance(model, Failure):
    output = result.value
    rev = fingerprint(output)
    draw_block(model, output)
    draw_depth(model, output)
    draw_encoder_decoder()
else:
    draw_fields(url_fields.HIDDEN["encoder"])
    components.placeholder(result, height=_HEIGHT)
