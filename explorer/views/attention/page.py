"""Attention: hover over a patch, and every head of every block shows what it attends to."""

import time

import streamlit as st

from explorer import client, components, state
from explorer.components.attention_lens.component import Link
from explorer.navigation import goto
from explorer.records import ModelOutput
from explorer.results import Pending, Ready, Result
from explorer.selection import Selection, selected
from explorer.text.attention_findings import attention_finding
from explorer.text.language import tr
from explorer.text.names import class_names, shown_names
from explorer.views.attention import tabs, view_state
from vitcore.interpret.selective_head import SelectiveHead, selective_head

# Seconds in which a browser paints the lens before charts come, which keep it busy for 200 ms.
_LENS_FIRST = 0.12


def keep_view(output: ModelOutput) -> None:
    view = components.sent_view(
        st.session_state.get("lens"),
        blocks=output.attention.shape[0],
        heads=output.attention.shape[1],
    )
    if view is not None:
        view_state.keep_view(view)
        show_state()


def keep_changes(output: ModelOutput) -> None:
    made = components.sent_changes(
        st.session_state.get("lens"),
        of=selection.key,
        blocks=output.attention.shape[0],
        heads=output.attention.shape[1],
        patches=output.grid[0] * output.grid[1],
    )
    if made is not None:
        seed = components.sent_seed(st.session_state.get("lens"))
        view_state.store(made, selection, in_lens=True, seed=seed)
        show_state(both=True)


def show_state(*, both: bool = False) -> None:
    """Write what is set into the URL; the panel with the link follows, others where it matters."""
    view_state.show_url(selection)
    if both or tabs.follows_view():
        st.rerun(["attention_lens", "attention_panels"])


@st.fragment(key="attention_lens")
def draw_lens(
    baseline: Result[ModelOutput], found: SelectiveHead | None, link: Link | None
) -> None:
    """Heading, maps and class bars; another map or an intervention runs this part alone."""
    now = view_state.current(selection)
    result, output, before = baseline, baseline.value, None
    if output is not None and now.intervened:
        result, before = client.forward(now, newest=True), output
        if isinstance(result, Pending) and state.in_fragment():
            st.rerun()  # the page asks again once there is news, a part of it does not
    draw_title(result, before, found, now)
    components.lens(
        result,
        now,
        start=found,
        before=before,
        adopt=view_state.adopt(),
        link=link,
        look=st.session_state.get("attention_look"),
        on_view=lambda: output is not None and keep_view(output),
        on_change=lambda: output is not None and keep_changes(output),
    )


def draw_title(
    result: Result[ModelOutput],
    before: ModelOutput | None,
    found: SelectiveHead | None,
    now: Selection,
) -> None:
    """A changed prediction, or what the large map shows; below what is not valid in the URL."""
    if found is None:
        title = ""
    elif not isinstance(result, Ready):
        title = st.session_state.get("lens_title", "")  # it stays until there is news
    else:
        output = result.value
        title = attention_finding(
            found,
            output.attention,
            output.grid,
            prefix=output.num_prefix_tokens,
            class_token=output.patch_logits is None,
            head=view_state.lens_state(now).head,
            changes=now.intervention,
            predictions=before and (before.probabilities, output.probabilities),
            names=shown_names(class_names(len(output.probabilities))),
        )
        st.session_state["lens_title"] = title
    components.page_heading(tr("Attention"), title, key="attention")
    components.notices(view_state.notes(now))


selection = selected()
config = selection.config
link = view_state.follow_url(selection)
result = client.forward(selection)

if stage := components.strip(result, selection, now="attention", note=tr("no interventions")):
    goto(stage)

found = result.map(
    lambda one: selective_head(one.attention, one.grid, num_prefix_tokens=one.num_prefix_tokens)
).value
draw_lens(result, found, link)
components.how_to_read(
    "attention_registers" if config and config.registers else "attention",
    code=components.source_of("vitcore/layers/attention.py", "SelfAttention.call"),
    d=config.d if config else "d",
)

time.sleep(_LENS_FIRST)
with st.container(key="attention_below"):
    tabs.draw(result, selection)
