"""Attention: point at a patch, and every head of every block shows where it looks."""

import streamlit as st

from explorer import components, findings, services, state
from explorer.figures.attention import distance_by_block
from explorer.figures.style import palette
from explorer.navigation import goto
from explorer.readings import Problem, Reading
from vitcore.config import grid_side
from vitcore.introspection.distance import attention_distance, distance_bounds

_TEXT = (
    "Point at a patch, or move with the arrow keys: all heads of all blocks show where it looks. "
    "Columns are blocks, in the order in which the model runs them; rows are heads. Choose a map "
    "to see it large over the picture; click a patch to pin it. A bright square is a patch whose "
    "content this one takes over; the attention of one patch sums to 100 %. Attention is not an "
    "explanation: that a patch is looked at does not say that it decided the answer."
)
_FORMULA = r"A=\mathrm{softmax}\!\left(\frac{QK^{\top}}{\sqrt{d_k}}\right),\qquad d_k=%s"
_DISTANCE_TEXT = (
    "For each patch, the distance in pixels to every patch, weighted by its attention; then the "
    "mean over patches. A circle near the lower edge is a head that looks at its surroundings, one "
    "near the dotted line a head that spreads its attention evenly. A mean hides its parts: a head "
    "may look near for some patches and far for others."
)
_DISTANCE = r"\bar d=\frac1N\sum_i\sum_j A_{ij}\,\lVert \mathbf p_i-\mathbf p_j\rVert"


def keep_pin() -> None:
    state.pin(components.pinned_patch(st.session_state.get("lens"), state.patch_size()))


picture, patch_size, model = state.picture(), state.patch_size(), state.model()
try:
    config, _ = services.weights(model)
except (OSError, ValueError):  # `answer` says what is wrong
    config = None
answer = services.reading(model, picture, patch_size)

if stage := components.strip(answer, picture, patch_size, now="attention", config=config):
    goto(stage)

found = None
if isinstance(answer, Reading):
    found = findings.striking(answer.attention, answer.grid, prefix=answer.prefix)
    st.title(found.title)
else:
    st.title(findings.cut_title(patch_size, grid_side(patch_size)))

components.lens(answer, picture, patch_size, start=found, config=config, on_change=keep_pin)
components.how_to_read(
    text=_TEXT,
    formula=_FORMULA % (config.d if config else "d"),
    source="Vaswani et al., Attention Is All You Need (2017), eq. 1.",
    code=components.source_of("vitcore/attention.py", "SelfAttention.call"),
    key="lens",
)

if isinstance(answer, Reading):
    distances = attention_distance(answer.attention, answer.grid, prefix=answer.prefix)
    even, farthest = distance_bounds(answer.grid)
    st.subheader(findings.distance_title(distances, even))
    if farthest > 0:
        figure = distance_by_block(
            distances,
            even=even,
            farthest=farthest,
            colours=palette(st.context.theme.type),
        )
        st.plotly_chart(figure, width="stretch", key="distance", config={"displayModeBar": False})
    else:
        st.markdown("A smaller patch size gives several patches, and distances between them.")
else:
    kind = "error" if isinstance(answer, Problem) else "loading"
    components.figure_state(kind, answer.what, answer.then, height=338)
components.how_to_read(
    text=_DISTANCE_TEXT,
    formula=_DISTANCE,
    source="Dosovitskiy et al., An Image is Worth 16x16 Words (2021), figure 7, right.",
    code=components.source_of("vitcore/introspection/distance.py", "attention_distance"),
    key="distance",
)
