"""What can be done with the folder of a run on any page: rename, download and delete it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from html import escape
from typing import Any

import streamlit as st

from explorer import client, visitors
from explorer.runs.jobs import Jobs
from explorer.runs.rights import NOT_YOURS
from explorer.text.language import tr
from vitcore.checkpoints import bundled
from vitcore.messages import as_sentence
from vitcore.training.run_files import archive_size
from vitcore.training.runs import Run

LARGEST_ZIP = 200 * 10**6  # bytes; a download is held in memory until it is fetched


def manage(
    jobs: Jobs,
    run: Run,
    *,
    page: str,
    renamed: Callable[[str, str], None],
    deleted: Callable[[], None],
    place: Any = st,
) -> None:
    """A menu to rename, download and delete a run.

    Args:
        jobs: of this server.
        run: which.
        page: that shows them; its widgets are named after it.
        renamed: called with the old and the new name.
        deleted: called once the run is gone.
        place: where to draw.
    """
    mine = jobs.visitor.owns(run.folder)
    if not mine:  # beside the menu, where it is seen
        visitors.refusal(tr(NOT_YOURS, run=run.name), page=page, place=place)
    visitors.accepted(page=page, place=place)
    with place.popover(tr("Manage"), key=f"{page}_manage", on_change="rerun"):
        if mine and run.state == "running":
            said = tr("Available when the run has ended: rename, delete.")
            st.html(f'<p class="quiet-line">{said}</p>')
        elif mine:
            _name_form(jobs, run.name, page, renamed)
        _download(jobs, run, page)
        if mine and run.state != "running":
            _deletion(jobs, run.name, page, deleted)


def _download(jobs: Jobs, run: Run, page: str) -> None:
    name = run.name
    with_state = st.toggle(
        tr("Include optimizer state (to resume elsewhere)"), key=f"{page}_with_state_{name}"
    )
    size = archive_size(run.folder, with_state=with_state)
    if size > LARGEST_ZIP:
        said = tr(
            "Too large to download ({size}; limit {limit}). Copy the folder {name} instead.",
            size=_megabytes(size),
            limit=_megabytes(LARGEST_ZIP),
            name=name,
        )
        st.html(f'<p class="quiet-line">{escape(said)}</p>')
        return

    def data() -> bytes:
        with jobs.archive(name, with_state=with_state) as file:
            return file.read()

    st.download_button(
        tr("Download ZIP ({size})", size=_megabytes(size)),
        data,
        f"{name}.zip",
        "application/zip",
        key=f"{page}_download_{name}",
        icon=":material/download:",
        on_click="ignore",
    )


def _name_form(jobs: Jobs, name: str, page: str, renamed: Callable[[str, str], None]) -> None:
    """A form: what was typed arrives with the press, and a refusal stands below the field."""
    key, trouble = f"{page}_name_{name}", f"{page}_name_trouble"
    with st.form(f"{page}_naming_{name}", border=False):
        st.text_input(tr("Name"), name, max_chars=60, key=key)
        refused, why = st.session_state.get(trouble, ("", ""))
        if refused == name:
            st.html(f'<p class="problem-line" role="alert">{escape(why)}</p>')
        st.form_submit_button(
            tr("Rename"),
            key=f"{page}_rename_{name}",
            on_click=_rename,
            args=(jobs, name, key, renamed, trouble),
        )


def _rename(
    jobs: Jobs, name: str, key: str, renamed: Callable[[str, str], None], trouble: str
) -> None:
    st.session_state.pop(trouble, None)
    given = st.session_state[key].strip()
    if given == name:
        return
    try:
        new = jobs.rename(name, given, taken=bundled())
    except (ValueError, OSError) as error:
        why = tr("Not renamed: {reason}", reason=as_sentence(str(error)))
        st.session_state[trouble] = name, why
        return
    if st.session_state.get("model") == name:
        st.session_state["model"] = new
    renamed(name, new)


def _deletion(jobs: Jobs, name: str, page: str, deleted: Callable[[], None]) -> None:
    """A button that asks first; what could not be deleted says so below it."""
    trouble = f"{page}_delete_trouble"
    delete = st.button(
        tr("Delete"),
        key=f"{page}_delete_{name}",
        icon=":material/delete:",
        on_click=_close_menu,
        args=(page,),
    )
    if delete:
        _ask_before_deleting(page, name, partial(_delete, jobs, name, deleted, trouble))
    failed, why = st.session_state.get(trouble, ("", ""))
    if failed == name:
        st.html(f'<p class="problem-line" role="alert">{escape(why)}</p>')


def _close_menu(page: str) -> None:
    """Else it would lie beside the question."""
    st.session_state[f"{page}_manage"] = False


def _ask_before_deleting(page: str, name: str, delete: Callable[[], None]) -> None:
    @st.dialog(tr("Delete {name}?", name=name))
    def dialog() -> None:
        st.markdown(tr("Weights and logs are deleted permanently."))
        left, right = st.columns(2)
        if left.button(tr("Cancel"), key=f"{page}_delete_cancel", width="stretch"):
            st.rerun()
        if right.button(
            tr("Delete"),
            key=f"{page}_delete_now",
            type="primary",
            on_click=delete,
            width="stretch",
        ):
            st.rerun()

    dialog()


def _delete(jobs: Jobs, name: str, deleted: Callable[[], None], trouble: str) -> None:
    st.session_state.pop(trouble, None)
    try:
        jobs.delete(name)
    except (ValueError, OSError) as error:
        why = tr("Not deleted: {reason}", reason=as_sentence(str(error)))
        st.session_state[trouble] = name, why
    else:
        if st.session_state.get("model") == name:  # nobody need be told that it is gone
            st.session_state["model"] = next(iter(client.model_names()), "")
        deleted()


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size < 10e6 else f"{size / 1e6:,.0f} MB"
