"""Attention: hover over a patch, and every head of every block shows what it attends to."""

from html import escape

import streamlit as st

from explorer import client, components, state
from explorer.client.results import Problem, Reading, Waiting
from explorer.components.attention_lens.component import Link
from explorer.navigation import goto
from explorer.text.attention_findings import attention_finding
from explorer.text.class_names import class_names
from explorer.views.attention import share_link, tabs, view_state
from vitcore.config import ViTConfig
from vitcore.interpret.selective_head import SelectiveHead, selective_head
from vitcore.intervention import Intervention


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
        view_state.keep_view(view)
        show_state()


def keep_changes(answer: Reading) -> None:
    made = components.sent_changes(
        st.session_state.get("lens"),
        of=view_state.belongs_to(model, picture, patch_size),
        blocks=answer.attention.shape[0],
        heads=answer.attention.shape[1],
        patches=answer.grid[0] * answer.grid[1],
    )
    if made is not None:
        seed = components.sent_seed(st.session_state.get("lens"))
        view_state.keep(made, model, picture, patch_size, in_lens=True, seed=seed)
        show_state(both=True)


def show_state(*, both: bool = False) -> None:
    """Write what is set into the URL; the panel with the link follows, others where it matters."""
    view_state.show_url(model, picture, patch_size, config=config, let_go=True)
    if both or share_link.is_open():
        st.rerun(["attention_lens", "attention_panels"])


@st.fragment(key="attention_lens")
def draw_lens(
    answer: Reading | Waiting | Problem,
    found: SelectiveHead | None,
    config: ViTConfig | None,
    link: Link | None,
) -> None:
    """Heading, maps and class bars; a pin, another map or an intervention runs this part alone."""
    changes = view_state.changes(model, picture, patch_size)
    now, before = answer, None
    if isinstance(answer, Reading) and changes != Intervention():
        now, before = (
            client.reading(model, picture, patch_size, intervention=changes, slot="lens"),
            answer,
        )
        if isinstance(now, Waiting) and view_state.in_fragment():
            st.rerun()  # the page asks again once there is news, a part of it does not
    draw_title(now, before, found, changes)
    components.lens(
        now,
        picture,
        patch_size,
        start=found,
        before=before,
        changes=changes,
        of=view_state.belongs_to(model, picture, patch_size),
        adopt=view_state.adopt(),
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
    """A changed prediction, or what the large map shows; below what is not valid in the URL."""
    if found is None:
        title = ""
    elif not isinstance(now, Reading):
        title = st.session_state.get("lens_title", "")  # it stays until there is news
    else:
        title = attention_finding(
            found,
            now.attention,
            now.grid,
            prefix=now.prefix,
            class_token=now.votes is None,
            head=view_state.present(model, picture, patch_size).head,
            changes=changes,
            predictions=before and (before.probabilities, now.probabilities),
            names=class_names(len(now.probabilities)),
        )
        st.session_state["lens_title"] = title
    components.page_heading("Attention", title, key="attention")
    if said := view_state.notes(model, picture, patch_size):
        st.html(f'<p class="quiet-line" role="status">{escape(said)}</p>')


picture, patch_size, model = state.picture(), state.patch_size(), state.model()
try:
    config, _ = client.weights(model)
except (OSError, ValueError):  # `answer` says what is wrong
    config = None
link = view_state.follow_url(
    model, picture, patch_size, config=config, entered="lens" not in st.session_state
)
answer = client.reading(model, picture, patch_size)

if stage := components.strip(answer, picture, patch_size, now="attention", config=config):
    goto(stage)

found = None
if isinstance(answer, Reading):
    found = selective_head(answer.attention, answer.grid, num_prefix_tokens=answer.prefix)
draw_lens(answer, found, config, link)
components.how_to_read(
    "attention_registers" if config and config.registers else "attention",
    code=components.source_of("vitcore/layers/attention.py", "SelfAttention.call"),
    d=config.d if config else "d",
)

with st.container(key="attention_below"):
    tabs.draw(answer, picture, patch_size, model=model, config=config)
