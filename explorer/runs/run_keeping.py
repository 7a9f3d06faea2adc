"""What can be done with the folder of a run on any page: another name, a zip to take along."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import streamlit as st

from explorer.runs.jobs import Jobs
from vitcore.checkpoints import bundled
from vitcore.training.run_files import archive_size
from vitcore.training.runs import Run

LARGEST_ZIP = 200 * 10**6  # bytes; a download is held in memory until it is fetched


def keep(jobs: Jobs, run: Run, *, page: str, renamed: Callable[[str, str], None]) -> None:
    """Controls to rename and to download a run.

    Args:
        jobs: of this server.
        run: which.
        page: that shows them; its widgets are named after it.
        renamed: called with the old and the new name.
    """
    name = run.name
    if run.state == "running":
        st.html('<p class="quiet-line">It can be renamed once it has ended.</p>')
    else:
        _name_form(jobs, name, page, renamed)
    with_state = st.toggle(
        "With the optimizer's numbers, to resume it elsewhere", key=f"{page}_with_state_{name}"
    )
    size = archive_size(run.folder, with_state=with_state)
    if size > LARGEST_ZIP:
        said = (
            f"It has {size / 1e6:,.0f} MB, and at most {LARGEST_ZIP / 1e6:,.0f} MB can be "
            f"downloaded: copy the folder {name} from the machine that runs this app."
        )
        st.html(f'<p class="quiet-line">{escape(said)}</p>')
        return

    def data() -> bytes:
        with jobs.archive(name, with_state=with_state) as file:
            return file.read()

    st.download_button(
        f"Download as zip (about {_megabytes(size)})",
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
        st.text_input("Name", name, max_chars=60, key=key)
        refused, why = st.session_state.get(trouble, ("", ""))
        if refused == name:
            st.html(f'<p class="problem-line" role="alert">{escape(why)}</p>')
        st.form_submit_button(
            "Rename",
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
        st.session_state[trouble] = name, f"It keeps its name: {error}."
        return
    if st.session_state.get("model") == name:
        st.session_state["model"] = new
    renamed(name, new)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size < 10e6 else f"{size / 1e6:,.0f} MB"
