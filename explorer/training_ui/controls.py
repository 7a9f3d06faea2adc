"""Controls of runs on the Train page: choose one, steer it, manage it, leave the queue."""

import time
from collections.abc import Sequence
from functools import partial
from typing import Any, Literal

import streamlit as st

from explorer import navigation, state, visitors
from explorer.runs.jobs import Jobs, RunRefusedError
from explorer.runs.progress import Progress, diverged, usable_rate
from explorer.runs.queue import Queued
from explorer.runs.rights import DISABLED, NOT_YOURS
from explorer.text import formatting, run_estimate, run_status
from explorer.text.language import N_, tr, tr_within
from explorer.training_ui import run_files, widget_sync
from vitcore.config import TrainConfig
from vitcore.training.runs import Run

_PACES = {0: N_("Full speed"), 10: N_("10 steps/s"), 3: N_("3 steps/s"), 1: N_("1 step/s")}
_RUN = "run"  # the field of the URL: a run that was chosen, begun, or named by a link
_USUAL = "train_usual"  # the run that is shown where the URL names none
_ONE_PRESS = 2.0  # seconds in which presses of an impatient finger count as one
_TROUBLE = "train_trouble"  # a sentence for the next time that the page is drawn


def shown(jobs: Jobs) -> str | None:
    """Which run is shown: the one chosen or started last, or named by a link; else the newest.

    A link may name it as the model. Before it is chosen.
    """
    if (ticket := st.session_state.get("train_ticket")) is not None:
        before = st.session_state.get("train_before_queue")
        begun = jobs.queue.begun_as(ticket)
        if begun and st.session_state.get("train_run") == before:  # none was chosen meanwhile
            show_run(begun)
        if begun or ticket not in {one.ticket for one in jobs.queue()}:
            del st.session_state["train_ticket"]
    names = [run.name for run in jobs.runs()]
    if st.session_state.get("train_followed") != (mark := state.followed()):  # a link, "Back"
        st.session_state["train_followed"] = mark
        asked = st.session_state.get(_RUN)
        if asked is None or navigation.went_back():  # the field is not drawn yet
            asked = st.query_params.get(_RUN, "")
        if not asked:
            asked = st.session_state.setdefault(_USUAL, st.query_params.get("model", ""))
        if asked in names:
            if "train_run" not in st.session_state:
                st.session_state["train_watched"] = True  # there is something to watch
            st.session_state["train_run"] = asked
    chosen = st.session_state.get("train_run")
    if chosen not in names:
        said = "" if chosen is None else Jobs.gone(chosen)
        # Given, for a browser would go on showing what it was.
        show_run(names[0] if names else None)
        st.session_state[_USUAL] = st.session_state["train_run"]
        if names:
            said = said and tr("{gone} Showing {run}.", gone=said, run=names[0])
        if said:
            st.session_state.setdefault(_TROUBLE, said)
    shown = st.session_state.get("train_run")
    st.session_state[_RUN] = "" if shown == st.session_state.get(_USUAL) else shown or ""
    return shown


def choose(jobs: Jobs) -> str | None:
    """Choose the run that is shown."""
    runs = {run.name: run for run in jobs.runs()}
    state.in_url(_RUN)
    if not runs:
        return None

    def words(name: str) -> str:
        state = runs[name].state
        if state != "damaged":
            return name
        return tr("{run} ({state})", run=name, state=run_status.state_word(runs[name]))

    return st.selectbox(
        tr("Run"),
        list(runs),
        format_func=words,
        key="train_run",
        label_visibility="collapsed",
        persist_state="session",
        width=220,
    )


def show_run(name: str | None) -> None:
    """Show this run from now on."""
    widget_sync.put("train_run", name)


def pressed_before(config: TrainConfig) -> bool:
    """Whether the same run was asked for a moment ago: several quick presses begin one."""
    then = st.session_state.get("train_pressed")
    st.session_state["train_pressed"] = config, time.monotonic()
    return then is not None and then[0] == config and time.monotonic() < then[1] + _ONE_PRESS


def begin(run: str | Queued) -> None:
    """Show what was just started, or its place in the queue, and fold the form."""
    st.session_state["train_begun"] = st.session_state.get("train_begun", 0) + 1
    if isinstance(run, Queued):
        st.session_state["train_ticket"] = run.ticket
        st.session_state["train_before_queue"] = st.session_state.get("train_run")
    else:
        show_run(run)


def queue(jobs: Jobs) -> None:
    """The runs that wait, each with its place; drawn again when one has begun."""
    if waiting := jobs.queue():
        st.fragment(_queue, run_every=1.0)(jobs, waiting)


def _queue(jobs: Jobs, waiting: Sequence[Queued]) -> None:
    if jobs.queue() != tuple(waiting):
        st.rerun()
    for place, one in enumerate(waiting, start=1):
        row = st.container(horizontal=True, vertical_alignment="center", gap="small")
        row.markdown(f":material/schedule: {run_estimate.queued(one, place)}", width="content")
        row.button(
            tr("Remove"),
            key=f"train_queue_{one.ticket}",
            type="tertiary",
            on_click=jobs.leave_queue,
            args=(one.ticket,),
            disabled=not (mine := jobs.visitor.is_named(one.owner)),
            help=None if mine else tr("Added by another visitor."),
        )


def steer(jobs: Jobs, progress: Progress, *, in_use: str) -> None:
    """Buttons for what can be done with a run: while it lives, and afterwards.

    Args:
        jobs: of this server.
        progress: of the run shown.
        in_use: the model chosen in the sidebar.
    """
    if not jobs.visitor.owns(progress.run.folder):
        _of_another(progress.run, in_use)
    elif progress.lives:
        _living(jobs, progress)
        visitors.accepted(page="train")
    else:
        _ended(jobs, progress, in_use)


def trouble() -> None:
    """What could not be done, once."""
    if said := st.session_state.pop(_TROUBLE, ""):
        st.markdown(f":material/block: {said}")


def _button(what: str, name: str, label: str, icon: str, **options: object) -> None:
    # The name is part of the key: a click that was on its way while the page changed to another
    # run must never reach that one.
    key = f"train_{what}_{name}"
    st.button(label, key=key, icon=f":material/{icon}:", args=(name,), **options)


def _living(jobs: Jobs, progress: Progress) -> None:
    name, state = progress.run.name, progress.state
    if state == "stopping":
        _button(
            "end",
            name,
            tr("Force stop"),
            "cancel",
            on_click=partial(_end_now, jobs),
            help=tr("Kills the process; the last checkpoint is kept."),
        )
        return
    waits = state in ("pausing", "paused", "stepping") or progress.asked == "pause"
    pace = st.session_state.get(f"train_pace_{name}", progress.pace)
    if waits:
        go_on = partial(jobs.go_on, pace=pace)
        _button("resume", name, tr("Resume"), "play_arrow", on_click=go_on)
    else:
        _button("pause", name, tr("Pause"), "pause", on_click=jobs.pause)
    _button("step", name, tr_within("train", N_("Step")), "skip_next", on_click=jobs.one_step)
    _button(
        "epoch",
        name,
        tr("Run to epoch end"),
        "fast_forward",
        on_click=jobs.one_epoch,
        help=tr("Runs to the end of the epoch, then pauses."),
    )
    _button("stop", name, tr("Stop"), "stop", on_click=jobs.stop)

    def change_pace() -> None:
        if not waits:
            jobs.go_on(name, pace=st.session_state[f"train_pace_{name}"])

    st.selectbox(
        tr("Speed"),
        list(_PACES),
        index=list(_PACES).index(progress.pace) if progress.pace in _PACES else 0,
        format_func=lambda pace: tr(_PACES[pace]),
        key=f"train_pace_{name}",
        on_change=change_pace,
        label_visibility="collapsed",
        width=150,
    )


def _end_now(jobs: Jobs, name: str) -> None:
    if why := jobs.end_now(name):
        st.session_state[_TROUBLE] = why


def _ended(jobs: Jobs, progress: Progress, in_use: str) -> None:
    run, saved = progress.run, progress.saved
    has_diverged = diverged(run) and run.config is not None
    cut_short = run.state in ("failed", "interrupted")  # then to go on comes first
    use, go_on = ("secondary", "primary") if cut_short else ("primary", "secondary")
    _use_button(run, in_use, kind=use)
    if has_diverged:  # resumed or with the same seed it would fail at the same step
        rate = formatting.short(usable_rate(run))
        _button(
            "again",
            run.name,
            tr("Restart with LR {rate}", rate=rate),
            "replay",
            on_click=partial(_start_with_less, jobs, run),
            type="primary",
            **_starting(tr("New run with this learning rate, otherwise the same settings.")),
        )
    waits = next((n for n, one in enumerate(jobs.queue(), 1) if one.resumes == run.name), 0)
    if waits:
        st.markdown(f":material/schedule: {run_estimate.queued_to_resume(waits)}", width="content")
    elif jobs.can_resume(run) and not has_diverged:
        _button(
            "goon",
            run.name,
            tr("Resume"),
            "play_arrow",
            on_click=partial(_resume, jobs),
            type=go_on,
            **_starting(run_status.resumption(run, saved)),
        )
    if run.config is not None and not has_diverged:
        _button(
            "restart",
            run.name,
            tr("Restart"),
            "replay",
            on_click=partial(_restart, jobs, run),
            **_starting(tr("New run with the same settings and seed.")),
        )
    run_files.manage(jobs, run, page="train", renamed=_renamed, deleted=_deleted)


def _starting(what: str) -> dict[str, Any]:
    """Options of a button that trains: its help, or why training is disabled."""
    off = visitors.is_off("training")
    return {"disabled": off, "help": tr(DISABLED) if off else what}


def _use_button(run: Run, in_use: str, *, kind: Literal["primary", "secondary"]) -> None:
    if run.usable and run.name == in_use:
        st.markdown(f":material/check: {tr('Selected model')}", width="content")
    elif run.usable:
        _button("use", run.name, tr("Use model"), "check", on_click=_use, type=kind)


def _of_another(run: Run, in_use: str) -> None:
    """What a visitor can do with another's run."""
    _use_button(run, in_use, kind="primary")
    # Where training is disabled, the key is asked for above.
    visitors.refusal(tr(NOT_YOURS, run=run.name), page="train", key=not visitors.is_off("training"))


def _use(name: str) -> None:
    st.session_state["model"] = name


def _resume(jobs: Jobs, name: str) -> None:
    try:
        begin(jobs.resume(name, keep=bool(st.session_state.get("train_keep"))))
    except RunRefusedError as error:
        st.session_state[_TROUBLE] = str(error)


def _restart(jobs: Jobs, run: Run, name: str) -> None:
    """Start it again, with the curves of before beside the new ones."""
    try:
        begin(jobs.start(run.config, keep=bool(st.session_state.get("train_keep"))))
    except (RunRefusedError, ValueError) as error:
        st.session_state[_TROUBLE] = str(error)
    else:
        widget_sync.put("train_beside", [name])


def _start_with_less(jobs: Jobs, run: Run, _: str) -> None:
    rate = usable_rate(run)
    config = run.config.replace(learning_rate=rate)
    try:
        begin(jobs.start(config, keep=bool(st.session_state.get("train_keep"))))
    except (RunRefusedError, ValueError) as error:
        st.session_state[_TROUBLE] = str(error)
    else:  # else the form would start the next run with the rate that failed
        if st.session_state.get("train_learning_rate") == run.config.learning_rate:
            widget_sync.put("train_learning_rate", rate)


def _deleted() -> None:
    st.session_state.pop("train_run", None)  # else it would be missed


def _renamed(name: str, new: str) -> None:
    show_run(new)
    beside = st.session_state.get("train_beside", [])
    widget_sync.put("train_beside", [new if one == name else one for one in beside])
