"""Overview: the whole way of the chosen picture through the model, on one screen."""

import streamlit as st

from explorer import components, services, state, tours
from explorer.components.start import start
from explorer.evaluation import measured
from explorer.navigation import goto
from explorer.readings import Problem, Reading
from explorer.tours import guide
from explorer.trained_sizes import trained_at
from explorer.words import cards, findings
from vitcore.config import CLASS_NAMES, PATCH_SIZES, grid_side

_TEXT = (
    "Each stage shows the same picture as the model holds it at that point. **Patches** are the "
    "picture cut into squares. A **token** is one patch, multiplied by a learned matrix and given "
    "its position: one row of numbers. Each **block** mixes the tokens; its map shows how much "
    "attention every place receives, averaged over heads and over the patches that look. "
)
_MEAN = (
    "Each token has one **vote**, a score per class; the **answer** averages the votes and then "
    "turns them into percentages (softmax). The mark on each bar is the percentage that the patch "
    "under the pointer would give alone; the mean of all marks is therefore not quite the bar. "
)
_CLASS = "The **answer** is read from the class token, a learned one that goes along. "
_NOT_SAID = (
    "Attention is not an explanation: that a place is looked at does not say that it decided the "
    "answer. The model knows ten classes at 32 pixels; for anything else its answer means little."
)
_EMBED = (
    r"\mathbf{z}_0=[\mathbf{x}^1_p\mathbf{E};\,\dots;\,\mathbf{x}^N_p\mathbf{E}]+\mathbf{E}_{pos}"
)
_MEAN_FORMULA = _EMBED + r",\qquad y=\tfrac1N\textstyle\sum_i \mathrm{LN}(\mathbf{z}_L^i)\,W+b"
_CLASS_FORMULA = (
    r"\mathbf{z}_0=[\mathbf{x}_{class};\,\mathbf{x}^1_p\mathbf{E};\,\dots;\,\mathbf{x}^N_p"
    r"\mathbf{E}]+\mathbf{E}_{pos},\qquad y=\mathrm{LN}(\mathbf{z}_L^0)\,W+b"
)
_PAPER = "Dosovitskiy et al., An Image is Worth 16x16 Words (2021), eq. 1"


def choose_size() -> None:
    size = components.chosen_size(st.session_state.get("cut_sizes"))
    if size is not None:
        st.session_state["patch_size"] = size


def known_shares() -> tuple[dict[int, str], str]:
    """How often the model is right at each patch size, by its card, and a sentence on that."""
    data = picture.source if picture.source in cards.TESTED else measured.learned_from(model)
    shares, pictures = measured.shares_on_card(model, data)
    words = {size: f"tests: {findings.percent(share)}" for size, share in shares.items()}
    return words, cards.tests_line(data, pictures) if words else ""


picture, patch_size, model = state.picture(), state.patch_size(), state.model()
try:
    config, _ = services.weights(model)
except (OSError, ValueError):  # `answer` says what is wrong
    config = None
answer = services.reading(model, picture, patch_size)
side = grid_side(patch_size)

if guide.now() is None:
    chosen = start(tours.tour(), tours.article_map())
    if isinstance(chosen, dict):
        goto(chosen["page"])
    elif chosen is not None:
        guide.start(0 if chosen == "tour" else int(chosen))
        st.rerun()

if isinstance(answer, Reading):
    st.title(findings.answer_title(answer.probabilities, picture.truth, CLASS_NAMES))
else:
    st.title(findings.cut_title(patch_size, side))

if stage := components.hero(answer, picture, patch_size, config=config):
    goto(stage)

prefix = config.prefix if config else 0
st.container(key="overview_facts").markdown(
    findings.facts(
        patch_size=patch_size,
        side=side,
        prefix=prefix,
        blocks=config.depth if config else None,
        heads=config.heads if config else None,
        seconds=answer.seconds if isinstance(answer, Reading) else None,
    )
)
class_token = config is not None and config.pooling == "class"
components.how_to_read(
    text=_TEXT + (_CLASS if class_token else _MEAN) + _NOT_SAID,
    formula=_CLASS_FORMULA if class_token else _MEAN_FORMULA,
    source=f"{_PAPER}{'.' if class_token else '; mean pooling instead of a class token.'}",
    code=components.source_of("vitcore/tracing.py", "trace"),
)

sizes = trained_at(model, config) if config else ()
st.subheader(findings.sizes_title(sizes), help=findings.sizes_help(sizes))
answers = {patch_size: answer}
if isinstance(answer, Problem):
    answers = dict.fromkeys(PATCH_SIZES, answer)
elif isinstance(answer, Reading):  # until then, the worker has one thing to do
    for size in PATCH_SIZES:
        if size != patch_size:
            answers[size] = services.reading(model, picture, size)
known, of = known_shares()
if of:
    st.html(f'<p class="quiet-line">{of}</p>')
components.cut_sizes(
    answers, picture, patch_size, prefix=prefix, known=known, on_change=choose_size
)
