"""Encoder: one token on its way through the whole forward pass, step by step."""

from __future__ import annotations

import streamlit as st

from explorer import client, components, state
from explorer.client import encoder_pass
from explorer.client.encoder_results import BlockPass, NormSample
from explorer.client.results import Problem, Reading, Waiting
from explorer.components.attention_lens.component import prefix_names
from explorer.components.encoder.component import microscope, sent_view
from explorer.components.encoder.payload import STAGES, block_payload
from explorer.components.encoder_depth.component import depth, depth_payload
from explorer.components.encoder_norms.component import norm_payload, norms
from explorer.components.encoder_residual.component import residual, residual_payload
from explorer.components.pipeline.component import fingerprint
from explorer.navigation import goto, went_back
from explorer.text import encoder_findings
from explorer.text.class_names import class_names
from explorer.text.encoder_snippets import snippets
from explorer.views.attention.view_state import in_fragment
from vitcore.config import ViTConfig

_FIRST = "norm1"  # the stage that is open where no link asks for another
_HEIGHT = 720


def view_now(depth: int) -> tuple[int, str]:
    """The block, from 0, and the stage: as a tour asks, the URL, or the browser sent last."""
    known, asked = st.session_state.get("encoder_view"), st.session_state.pop("encoder_asked", None)
    if asked is None and (known is None or went_back()):
        asked = view_of_url(depth)
    if asked is not None and asked != known:
        st.session_state["encoder_view"] = asked
        st.session_state["encoder_turn"] = st.session_state.get("encoder_turn", 0) + 1
    block, stage = st.session_state["encoder_view"]
    return min(block, depth - 1), stage


def view_of_url(depth: int) -> tuple[int, str]:
    block, stage = st.query_params.get("block", ""), st.query_params.get("stage", _FIRST)
    number = int(block) - 1 if block.isascii() and block.isdigit() and len(block) < 5 else 0
    return number if 0 <= number < depth else 0, stage if stage in STAGES else _FIRST


def keep_view(depth: int) -> None:
    view = sent_view(st.session_state.get("encoder"), depth)
    if view is not None:
        st.session_state["encoder_view"] = view
        st.query_params.update({"block": str(view[0] + 1), "stage": view[1]})


@st.fragment(key="encoder_microscope")
def draw_microscope(config: ViTConfig) -> None:
    """The diagram and the opened stage; choosing a block or a stage runs this part alone."""
    block, stage = view_now(config.depth)
    seen = encoder_pass.block_pass(model, picture, patch_size, block)
    if isinstance(seen, Waiting) and in_fragment():
        st.rerun()  # the page asks again once there is news, a part of it does not
    without = None
    if stage in ("residual1", "residual2") and isinstance(seen, BlockPass):
        asked = encoder_pass.without_parts(model, picture, patch_size)
        without = None if isinstance(asked, Waiting | Problem) else asked
    if isinstance(seen, Waiting) and "encoder_sent" in st.session_state:
        data = st.session_state["encoder_sent"]  # it stays until its successor is there
    elif isinstance(seen, Waiting | Problem):
        in_place(seen, _HEIGHT)
        return
    else:
        _, weights = client.weights(model)
        data = block_payload(
            seen,
            weights,
            config,
            opened=stage,
            turn=st.session_state.get("encoder_turn", 0),
            prefix=prefix_names(answer, config),
            snippets=snippets(
                config,
                model=model,
                source=picture.source,
                name=picture.name,
                truth=picture.truth,
                patch_size=patch_size,
            ),
            truth=picture.truth,
            without=without,
            rev=f"{rev}-{block}",
        )
        st.session_state["encoder_sent"] = data
    if page := microscope(data, key="encoder", on_view=lambda: keep_view(config.depth)):
        goto(page)


def in_place(awaited: Waiting | Problem, height: int) -> None:
    kind = "loading" if isinstance(awaited, Waiting) else "error"
    done = awaited.done if isinstance(awaited, Waiting) else None
    components.figure_state(kind, awaited.what, awaited.then, height=height, done=done)


def draw_residuals() -> None:
    """The prediction without one side of each sum."""
    found = encoder_pass.without_parts(model, picture, patch_size)
    name = "Residual connections"
    if isinstance(found, Waiting | Problem):
        components.figure_heading(name)
        in_place(found, 260)
        return
    finding = encoder_findings.residual_finding(found, answer.probabilities)
    components.figure_heading(name, finding, key="encoder_residual")
    names = class_names(found.shape[-1])
    data = residual_payload(found, answer.probabilities, names=names, truth=picture.truth, rev=rev)
    residual(data, key="encoder_residual")
    components.how_to_read(
        "encoder_residual",
        code=components.source_of(
            "vitcore/interpret/branches.py", "answers_without", "one_block", "_joined"
        ),
    )


def draw_norms(config: ViTConfig) -> None:
    """What four normalizations average."""
    block = view_now(config.depth)[0]
    sample = encoder_pass.norm_sample(model, picture, patch_size, block)
    name = "Normalization axes"
    if not isinstance(sample, NormSample):
        components.figure_heading(name)
        in_place(sample, 300)
    else:
        components.figure_heading(name, encoder_findings.norm_finding(sample.shape))
        data = norm_payload(sample, prefix=prefix_names(answer, config), rev=f"{rev}-{block}")
        norms(data, key="encoder_norms")
    components.how_to_read(
        "encoder_norms",
        code=components.source_of("vitcore/interpret/norm_axes.py", "norm_axes"),
    )


def draw_depth(config: ViTConfig) -> None:
    """The prediction after each block."""
    names = class_names(config.classes)
    finding = encoder_findings.depth_finding(answer.early, names)
    components.figure_heading("Logit lens", finding, key="encoder_depth")
    depth(
        depth_payload(answer.early, names=names, truth=picture.truth, rev=rev),
        key="encoder_depth",
    )
    components.how_to_read(
        "encoder_depth_class_token" if config.pooling == "class" else "encoder_depth",
        code=components.source_of("vitcore/interpret/logit_lens.py", "logit_lens"),
    )


picture, patch_size, model = state.picture(), state.patch_size(), state.model()
config = client.config(model)
config = None if isinstance(config, Problem) else config
answer = client.reading(model, picture, patch_size)
if stage := components.strip(answer, picture, patch_size, now="attention", config=config):
    goto(stage)

reads = isinstance(answer, Reading) and config is not None
finding = (
    encoder_findings.encoder_finding(answer.early, class_names(config.classes)) if reads else ""
)
components.page_heading("Encoder", finding, key="encoder")
if reads:
    rev = fingerprint(answer)
    draw_microscope(config)
    components.how_to_read(
        "encoder",
        code=components.source_of(
            "vitcore/layers/encoder.py", "LayerNorm.call", "MLP.call", "Block.call"
        ),
        example="encoder_block",
    )
    draw_residuals()
    draw_norms(config)
    draw_depth(config)
else:
    in_place(answer, _HEIGHT)
