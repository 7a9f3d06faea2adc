"""Attention: point at a patch, and every head of every block shows where it looks."""

from html import escape

import streamlit as st

from explorer import attention_panels, components, services, state
from explorer.attention_panels import attention_state, links
from explorer.components.attention_lens import Link
from explorer.navigation import goto
from explorer.readings import Problem, Reading, Waiting
from explorer.words import findings
from explorer.words.lens_title import changed_answer, lens_title
from vitcore.config import CLASS_NAMES, ViTConfig, grid_side
from vitcore.intervention import Intervention
from vitcore.introspection.selective_head import SelectiveHead, selective_head

_TEXT = (
    "The title's shares are averages over all patches. "
    "Point at a patch, or move with the arrow keys: all heads of all blocks show where it looks. "
    "Columns are blocks, in the order in which the model runs them; rows are heads. Choose a map "
    "to see it large over the picture. Click a patch to pin it; the pointer then asks what it "
    "gives to another. A bright square is a patch whose content this one takes over; the attention "
    "of one patch sums to 100 %. Attention is not an explanation: that a patch is looked at does "
    "not say that it decided the answer.\n\n"
    "The sign in a map's corner switches that head off: its output is set to zero, and the blocks "
    "after it work with what is left. **Erase** fills a patch with the mean colour of the data; "
    "**swap** lets two patches change places. Below the maps stands the answer now beside the one "
    "before. The model never learned to do without a head or with grey squares, so a large change "
    "says that it needs that part, not what the part is for."
)
_REGISTERS = (
    "\n\n**Registers** are tokens that are no patch of the picture: learned, and the same at the "
    "start for every picture. Heads can look there when there is nothing to look for, instead of "
    "at some patch of the background (Darcet et al., Vision Transformers Need Registers, 2024)."
)
_FORMULA = r"A=\mathrm{softmax}\!\left(\frac{QK^{\top}}{\sqrt{d_k}}\right),\qquad d_k=%s"


def keep_pin() -> None:
    state.pin(components.pinned_patch(st.session_state.get("lens"), state.patch_size()))
    show_state()


def keep_view(answer: Reading) -> None:
    view = components.sent_view(
        st.session_state.get("lens"),
        blocks=answer.attention.shape[0],
        heads=answer.attention.shape[1],
    )
    if view is not None:
        attention_state.keep_view(view)
        show_state()


def keep_changes(answer: Reading) -> None:
    made = components.sent_changes(
        st.session_state.get("lens"),
        of=attention_state.belongs_to(model, picture, patch_size),
        blocks=answer.attention.shape[0],
        heads=answer.attention.shape[1],
        patches=answer.grid[0] * answer.grid[1],
    )
    if made is not None:
        seed = components.sent_seed(st.session_state.get("lens"))
        attention_state.keep(made, model, picture, patch_size, in_lens=True, seed=seed)
        show_state(both=True)


def show_state(*, both: bool = False) -> None:
    """Write what is set into the URL; the panel with the link follows, others where it matters."""
    attention_state.show_url(model, picture, patch_size, config=config, let_go=True)
    if both or links.is_open():
        st.rerun(["attention_lens", "attention_panels"])


@st.fragment(key="attention_lens")
def draw_lens(
    answer: Reading | Waiting | Problem,
    found: SelectiveHead | None,
    config: ViTConfig | None,
    link: Link | None,
) -> None:
    """Title, lens and class bars; a pin, another map or a change runs this part alone."""
    changes = attention_state.changes(model, picture, patch_size)
    now, before = answer, None
    if isinstance(answer, Reading) and changes != Intervention():
        now, before = (
            services.reading(model, picture, patch_size, intervention=changes, slot="lens"),
            answer,
        )
        if isinstance(now, Waiting) and attention_state.in_fragment():
            st.rerun()  # the page asks again once there is news, a part of it does not
    draw_title(now, before, found, changes)
    components.lens(
        now,
        picture,
        patch_size,
        start=found,
        before=before,
        changes=changes,
        of=attention_state.belongs_to(model, picture, patch_size),
        adopt=attention_state.adopt(),
        link=link,
        look=st.session_state.get("attention_look"),
        config=config,
        on_pin=keep_pin,
        on_view=lambda: isinstance(answer, Reading) and keep_view(answer),
        on_change=lambda: isinstance(answer, Reading) and keep_changes(answer),
    )


def draw_title(
    now: Reading | Waiting | Problem,
    before: Reading | None,
    found: SelectiveHead | None,
    changes: Intervention,
) -> None:
    """A changed answer, or what the large map shows; below what the URL asked for in vain."""
    if found is None or not isinstance(now, Reading):
        title = findings.cut_title(patch_size, grid_side(patch_size))
        if found is not None:  # the last one stays until there is news
            title = st.session_state.get("lens_title", title)
    else:
        title = ""
        if before is not None:
            title = changed_answer(before.probabilities, now.probabilities, changes, CLASS_NAMES)
        title = title or lens_title(
            found,
            now.attention,
            now.grid,
            prefix=now.prefix,
            class_token=now.votes is None,
            head=attention_state.present(model, picture, patch_size).head,
            changes=changes,
        )
        st.session_state["lens_title"] = title
    st.container(key="attention_title").title(title)
    if said := attention_state.notes(model, picture, patch_size):
        st.html(f'<p class="quiet-line" role="status">{escape(said)}</p>')


picture, patch_size, model = state.picture(), state.patch_size(), state.model()
try:
    config, _ = services.weights(model)
except (OSError, ValueError):  # `answer` says what is wrong
    config = None
link = attention_state.follow_url(
    model, picture, patch_size, config=config, entered="lens" not in st.session_state
)
answer = services.reading(model, picture, patch_size)

if stage := components.strip(answer, picture, patch_size, now="attention", config=config):
    goto(stage)

found = None
if isinstance(answer, Reading):
    found = selective_head(answer.attention, answer.grid, prefix=answer.prefix)
draw_lens(answer, found, config, link)
components.how_to_read_inline(
    text=_TEXT + (_REGISTERS if config and config.registers else ""),
    formula=_FORMULA % (config.d if config else "d"),
    source="Vaswani et al., Attention Is All You Need (2017), eq. 1.",
    code=components.source_of("vitcore/attention.py", "SelfAttention.call"),
    key="lens",
)

with st.container(key="attention_below"):
    attention_panels.draw(answer, picture, patch_size, model=model, config=config)
