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


def keep(
    jobs: Jobs, run: Run, *, page: str, renamed: Callable[[str, str], None], trouble: str
) -> None:
    """Controls to rename and to download a run.

    Args:
        jobs: of this server.
        run: which.
        page: that shows them; its widgets are named after it.
        renamed: called with the old and the new name.
        trouble: where in the session a sentence is left that says why it keeps its name.
    """
    name = run.name
    if run.state == "running":
        st.html('<p class="quiet-line">It can be renamed once it has ended.</p>')
    else:
        given = st.text_input("Name", name, max_chars=60, key=f"{page}_name_{name}")
        if given != name:
            arguments = (jobs, name, f"{page}_name_{name}", renamed, trouble)
            key = f"{page}_rename_{name}"
            st.button("Rename", key=key, on_click=_rename, args=arguments)
    with_state = st.toggle("With what it needs to be resumed", key=f"{page}_with_state_{name}")
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


def _rename(
    jobs: Jobs, name: str, key: str, renamed: Callable[[str, str], None], trouble: str
) -> None:
    new = st.session_state[key].strip()
    try:
        jobs.rename(name, new, taken=bundled())
    except (ValueError, OSError) as error:
        st.session_state[trouble] = f"{name} keeps its name: {error}."
        return
    if st.session_state.get("model") == name:
        st.session_state["model"] = new
    renamed(name, new)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size < 10e6 else f"{size / 1e6:,.0f} MB"
