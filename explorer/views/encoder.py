"""Encoder: one token through the whole forward pass, every number of it to be followed."""

from __future__ import annotations

from html import escape

import streamlit as st

from explorer import components, services, state
from explorer.analyses import encoding
from explorer.analyses.encoder_passes import BlockPass, NormSample
from explorer.attention_panels.attention_state import in_fragment
from explorer.components import encoder
from explorer.components.attention_lens import prefix_names
from explorer.components.ribbon import fingerprint
from explorer.navigation import goto, has
from explorer.readings import Problem, Reading, Waiting
from explorer.words import encoder_findings
from explorer.words.class_names import class_names
from explorer.words.encoder_snippets import snippets
from explorer.words.findings import cut_title
from vitcore.config import ViTConfig, grid_side

_FIRST = "norm1"  # the stage that is open where no link asks for another
_HEIGHT = 720
_TEXT = (
    "The ViT paper’s figure 1, right, from top to bottom, with the numbers of this picture. Each "
    "line is one **token**, D numbers long; all stand in the same columns, so a number is followed "
    "by looking straight down. The thick line is the **residual stream**: every sub-layer reads "
    "it through a **LayerNorm** and adds to it. Click a stage to open it; point at a number for "
    "its arithmetic; click the picture for another token. With the keyboard: up and down between "
    "stages, left and right over the numbers, Enter opens. Numbers are counted from 0, as in "
    "NumPy. Color shows size, not importance: a large number need not matter to the answer."
)
_FORMULA = (
    r"\mathbf{z}'_\ell=\mathrm{MSA}(\mathrm{LN}(\mathbf{z}_{\ell-1}))+\mathbf{z}_{\ell-1},\qquad "
    r"\mathbf{z}_\ell=\mathrm{MLP}(\mathrm{LN}(\mathbf{z}'_\ell))+\mathbf{z}'_\ell"
)
_PAPER = "Dosovitskiy et al., An Image is Worth 16x16 Words (2021)"


def view_now(depth: int) -> tuple[int, str]:
    """The block, from 0, and the stage: chosen before, else what the URL asks for."""
    if "encoder_view" not in st.session_state:
        block, stage = st.query_params.get("block", ""), st.query_params.get("stage", _FIRST)
        number = int(block) - 1 if block.isascii() and block.isdigit() and len(block) < 5 else 0
        st.session_state["encoder_view"] = (
            number if 0 <= number < depth else 0,
            stage if stage in encoder.STAGES else _FIRST,
        )
    block, stage = st.session_state["encoder_view"]
    return min(block, depth - 1), stage


def keep_view(depth: int) -> None:
    view = encoder.sent_view(st.session_state.get("encoder"), depth)
    if view is not None:
        st.session_state["encoder_view"] = view
        st.query_params.update({"block": str(view[0] + 1), "stage": view[1]})


@st.fragment(key="encoder_microscope")
def draw_microscope(config: ViTConfig) -> None:
    """The diagram and the opened stage; choosing a block or a stage runs this part alone."""
    block, stage = view_now(config.depth)
    first = st.session_state.setdefault("encoder_first", stage)
    seen = encoding.block_pass(model, picture, patch_size, block)
    if isinstance(seen, Waiting) and in_fragment():
        st.rerun()  # the page asks again once there is news, a part of it does not
    without = None
    if stage in ("residual1", "residual2") and isinstance(seen, BlockPass):
        asked = encoding.without_parts(model, picture, patch_size)
        without = None if isinstance(asked, Waiting | Problem) else asked
    if isinstance(seen, Waiting) and "encoder_sent" in st.session_state:
        data = st.session_state["encoder_sent"]  # it stays until its successor is there
    elif isinstance(seen, Waiting | Problem):
        in_place(seen, _HEIGHT)
        return
    else:
        _, weights = services.weights(model)
        data = encoder.block_payload(
            seen,
            weights,
            config,
            opened=stage,
            first=first,
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
    page = encoder.microscope(data, key="encoder", on_view=lambda: keep_view(config.depth))
    if page:
        goto(page if has(page) else "attention")


def in_place(awaited: Waiting | Problem, height: int) -> None:
    kind = "loading" if isinstance(awaited, Waiting) else "error"
    done = awaited.done if isinstance(awaited, Waiting) else None
    components.figure_state(kind, awaited.what, awaited.then, height=height, done=done)


def draw_residuals() -> None:
    """The answer without one side of each sum."""
    found = encoding.without_parts(model, picture, patch_size)
    if isinstance(found, Waiting | Problem):
        st.subheader("What the residual connections are for")
        in_place(found, 260)
        return
    names = class_names(found.shape[-1])
    title = st.container(key="encoder_residual_title")
    title.subheader(encoder_findings.residual_title(found, answer.probabilities, names))
    data = encoder.residual_payload(
        found, answer.probabilities, names=names, truth=picture.truth, rev=rev
    )
    encoder.residual(data, key="encoder_residual")
    components.how_to_read_inline(
        text="One sum x + f(x) of one block keeps only one of its sides; everything after it is "
        "computed again. The height of a bar is the probability of the class that the whole model "
        "answers; a grey bar with a name: another class wins. **f(x) alone** takes the residual "
        "connection away: all that the blocks before had gathered is gone but for what this "
        "sub-layer lets through. **x alone** takes the sub-layer away: the token goes on as it "
        "was. The model was trained with all sums in place, so this says what it has come to rely "
        "on, not how a network trained without them would do.",
        formula=_FORMULA,
        source=f"{_PAPER}, eq. 2 and 3; He et al., Deep Residual Learning (2016).",
        code=components.source_of(
            "vitcore/introspection/branches.py", "answers_without", "one_block", "_joined"
        ),
        key="encoder_residual",
    )


def draw_norms(config: ViTConfig) -> None:
    """Which numbers are averaged by four normalizations."""
    block = view_now(config.depth)[0]
    sample = encoding.norm_sample(model, picture, patch_size, block)
    if not isinstance(sample, NormSample):
        st.subheader("What a layer norm averages")
        in_place(sample, 300)
    else:
        st.subheader(encoder_findings.norm_title(sample.shape))
        data = encoder.norm_payload(
            sample, prefix=prefix_names(answer, config), rev=f"{rev}-{block}"
        )
        encoder.norms(data, key="encoder_norms")
    components.how_to_read_inline(
        text="The tokens before a LayerNorm, of this picture (in front) and of five test pictures. "
        "Of each, 8 tokens and 16 numbers are drawn; μ and σ² are taken over all of them. "
        "Colored: what is averaged with the number in the ring; click another one. Change the "
        "number of pictures: only BatchNorm’s result moves. An often-read article says that layer "
        "norm averages over (C, H, W): that is how it is drawn for images in the Group "
        "Normalization paper (last row). In a ViT it averages over the D numbers of each token.",
        formula=r"\mathrm{LN}(\mathbf{z})=\frac{\mathbf{z}-\mu}{\sqrt{\sigma^2+\varepsilon}}"
        r"\odot\gamma+\beta,\qquad \mu=\tfrac1D\textstyle\sum_i z_i",
        source="Ba et al., Layer Normalization (2016); "
        "Wu & He, Group Normalization (2018), figure 2.",
        code=components.source_of("vitcore/introspection/norm_axes.py", "norm_axes"),
        key="encoder_norms",
    )


def draw_depth(config: ViTConfig) -> None:
    """The answer after each block."""
    names = class_names(config.classes)
    title = st.container(key="encoder_depth_title")
    title.subheader(encoder_findings.depth_title(answer.early, names))
    encoder.depth(
        encoder.depth_payload(answer.early, names=names, truth=picture.truth, rev=rev),
        key="encoder_depth",
    )
    how = (
        "This model answers from the **class token**, a learned token that goes along and gathers "
        "what it needs by attention."
        if config.pooling == "class"
        else "This model answers from the **mean of all patches** (global average pooling). The "
        "ViT paper’s appendix D.3 found that both work alike, given a fitting learning rate."
    )
    components.how_to_read_inline(
        text="The last LayerNorm and the head, put after each block (“logit lens”). They were "
        "trained for the last block alone: an early column says what can be read by them, not "
        f"what the token knows. {how} Open the pooling stage above to read the same tokens in the "
        "other way.",
        formula=r"y_\ell=\mathrm{head}(\mathrm{pool}(\mathrm{LN}(\mathbf{z}_\ell)))",
        source="nostalgebraist, interpreting GPT: the logit lens (2020).",
        code=components.source_of("vitcore/introspection/early_answers.py", "early_answers"),
        key="encoder_depth",
    )


picture, patch_size, model = state.picture(), state.patch_size(), state.model()
config = services.config(model)
config = None if isinstance(config, Problem) else config
answer = services.reading(model, picture, patch_size)
if stage := components.strip(answer, picture, patch_size, now="attention", config=config):
    goto(stage)

st.title("Encoder")
if isinstance(answer, Reading) and config is not None:
    rev = fingerprint(answer)
    said = encoder_findings.depth_sentence(answer.early, class_names(config.classes))
    finding = st.container(key="encoder_finding")
    finding.html(f'<p style="margin:-.6rem 0 .4rem;max-width:75ch">{escape(said)}</p>')
    draw_microscope(config)
    components.how_to_read_inline(
        text=_TEXT,
        formula=_FORMULA,
        source=f"{_PAPER}, figure 1 and eq. 1 to 4.",
        code=components.source_of("vitcore/encoder.py", "LayerNorm.call", "MLP.call", "Block.call"),
        key="encoder",
    )
    draw_residuals()
    draw_norms(config)
    draw_depth(config)
else:
    said = f"{cut_title(patch_size, grid_side(patch_size))}."
    st.html(f'<p style="margin:-.6rem 0 .4rem;max-width:75ch">{escape(said)}</p>')
    in_place(answer, _HEIGHT)
