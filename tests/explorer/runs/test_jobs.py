"""Jobs: real processes of a fake training program, started, watched, stopped and lost."""

import errno
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from explorer.runs import estimates, queue
from explorer.runs.jobs import (
    ENDED_AT_ONCE,
    Jobs,
    RunRefusedError,
    killed_by,
    most_at_once,
    record_killed,
)
from explorer.runs.launcher import Launcher
from explorer.runs.progress import MOST_POINTS
from explorer.runs.queue import RunQueue
from explorer.runs.rights import Visitor, set_owner
from tests.explorer.waiting import eventually
from vitcore.config import TrainConfig
from vitcore.training.events import END_STATES, EventLog, go_on, truncate_after
from vitcore.training.metrics import LogWindows
from vitcore.training.runs import read_run, write_description

TINY = TrainConfig(data="sketch10", preset="tiny", epochs=2.0, learning_rate=2e-3, seed=7)

PROGRAM = """
import os, sys, time
from vitcore.training.control import Control, watch_parent
from vitcore.training.events import EventLog

given = dict(a[2:].split("=", 1) for a in sys.argv[2:] if "=" in a)
folder, mode = given["run-dir"], os.environ.get("FAKE_MODE", "run")
if mode == "broken":
    raise ImportError("no module named keras")
log, control = EventLog(folder), Control(folder)
watch_parent(control)
log("start", steps=20, steps_per_epoch=10, parameters=1)
for step in range(1, 21):
    ends = step > 1 and step % 10 == 1
    if control.gate(epoch_ends=ends, say=lambda what: log(what, step=step - 1)) == "stop":
        log("end", state="stopped", reason="", step=step - 1)
        sys.exit(os.environ.get("FAKE_STAYS") and time.sleep(20))
    log("step", step=step, epoch=step / 10, loss=2 / step, accuracy=step / 20,
        learning_rate=float(given.get("learning-rate", 0)), images_per_second=800.0)
    if step % 10 == 0:
        log("validation", step=step, epoch=step / 10, loss=1.0, accuracy=0.5, top5=0.9)
    while mode == "slow" and step < 20 and control.look() == "run":
        time.sleep(0.01)
    while mode == "hang":
        time.sleep(0.02)
    while mode == "wait" and control.look() != "stop":
        time.sleep(0.01)
log("end", state="finished", reason="", step=20)
"""


@pytest.fixture
def jobs(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    jobs = Jobs(tmp_path / "runs", program=[sys.executable, str(program)])
    yield jobs
    for run in jobs.runs():
        jobs.end_now(run.name)
    jobs.close()


def until(jobs, name, *states):
    deadline = time.monotonic() + 10
    while (progress := jobs.progress(name)).state not in states:
        assert time.monotonic() < deadline, progress.state
        time.sleep(0.01)
    return progress


def test_a_run_is_started_with_what_was_chosen(jobs, monkeypatch):
    monkeypatch.setenv("FAKE_MODE", "wait")
    name = jobs.start(TINY)
    progress = until(jobs, name, "running")
    assert progress.run.config == TINY
    assert progress.train.learning_rate == (2e-3,)
    assert progress.lives


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system does not ask")
def test_where_memory_runs_out_a_run_goes_before_the_server(jobs, monkeypatch):
    monkeypatch.setenv("FAKE_MODE", "wait")
    run = until(jobs, jobs.start(TINY), "running").run
    assert Path(f"/proc/{run.pid}/oom_score_adj").read_text().strip() == "500"


@pytest.mark.skipif(os.name != "posix", reason="elsewhere there are no such priorities")
def test_a_run_leaves_the_processor_to_pages_and_models(jobs, monkeypatch):
    monkeypatch.setenv("FAKE_MODE", "wait")
    run = until(jobs, jobs.start(TINY), "running").run
    ours = os.getpriority(os.PRIO_PROCESS, 0)
    assert os.getpriority(os.PRIO_PROCESS, run.pid) == min(ours + 10, 19)


def test_a_run_is_followed_to_its_end(jobs):
    progress = until(jobs, jobs.start(TINY), "damaged")  # the program saves no weights
    assert progress.epochs == 2.0
    assert progress.train.epoch[-1] == 2.0
    assert progress.train.loss[:2] == (2.0, 1.0)
    assert progress.validation.epoch == (1.0, 2.0)
    assert progress.validation.accuracy == (0.5, 0.5)
    assert progress.images_per_second == 800
    assert progress.seconds_left == 0
    assert not progress.lives


def test_a_stop_is_shown_and_then_obeyed(jobs, monkeypatch):
    monkeypatch.setenv("FAKE_MODE", "wait")
    name = jobs.start(TINY)
    until(jobs, name, "running")
    jobs.stop(name)
    assert jobs.progress(name).state in ("stopping", "stopped")
    assert until(jobs, name, "stopped").run.step == 1


@pytest.mark.parametrize("later", ["go_on", "pause", "one_step", "one_epoch"])
def test_a_stop_stands_whatever_is_said_after_it(jobs, tmp_path, monkeypatch, later):
    monkeypatch.setenv("FAKE_MODE", "hang")
    name = jobs.start(TINY)
    until(jobs, name, "running")
    jobs.stop(name)
    getattr(jobs, later)(name)
    assert (tmp_path / "runs" / name / "control").read_text() == "stop"
    assert jobs.progress(name).state == "stopping"


def test_a_run_that_does_not_stop_can_be_ended(jobs, monkeypatch):
    monkeypatch.setenv("FAKE_MODE", "hang")
    name = jobs.start(TINY)
    until(jobs, name, "running")
    jobs.stop(name)
    assert jobs.progress(name).state == "stopping"
    assert jobs.end_now(name) == ""
    run = jobs.progress(name).run
    assert (run.state, run.step) == ("interrupted", 1)
    assert run.problem == ENDED_AT_ONCE
    assert jobs.end_now(name) == ""  # it has ended already


@pytest.mark.skipif(os.name != "posix", reason="elsewhere there are no signals")
def test_a_run_that_something_else_ended_says_by_what(jobs, monkeypatch):
    monkeypatch.setenv("FAKE_MODE", "hang")
    name = jobs.start(TINY)
    os.kill(until(jobs, name, "running").run.pid, signal.SIGKILL)
    said = "Process killed (SIGKILL), possibly out of memory."
    eventually(lambda: jobs.progress(name).run.problem == said)  # once it is collected


def test_what_a_run_said_itself_stands(tmp_path):
    folder = tmp_path / "quiet-heron"
    write_description(folder, TINY)
    EventLog(folder)("end", state="failed", reason="The loss became nan.", step=3)
    record_killed(folder, ENDED_AT_ONCE)
    assert read_run(folder).problem == "The loss became nan."
    record_killed(tmp_path / "deleted", killed_by(9))
    assert not (tmp_path / "deleted").exists()


def test_a_process_that_breaks_says_why(jobs, monkeypatch):
    monkeypatch.setenv("FAKE_MODE", "broken")
    progress = until(jobs, jobs.start(TINY), "interrupted")
    assert "ImportError: no module named keras" in progress.run.problem


def test_a_third_run_waits_until_one_has_ended(jobs, monkeypatch):
    monkeypatch.setenv("FAKE_MODE", "wait")
    names = [jobs.start(TINY), jobs.start(TINY)]
    assert jobs.refusal().startswith("2 runs are active")
    assert all(name in jobs.refusal() for name in names)
    third = jobs.start(TINY.replace(seed=3))
    fourth = jobs.start(TINY.replace(seed=4))
    assert [one.config.seed for one in jobs.queue()] == [3, 4]
    assert len(jobs.runs()) == 2
    jobs.stop(names[0])
    until(jobs, names[0], "stopped")
    eventually(lambda: jobs.queue.begun_as(third.ticket))
    assert jobs.queue() == (fourth,)
    assert jobs.progress(jobs.queue.begun_as(third.ticket)).run.config.seed == 3


def test_once_nothing_trains_a_process_is_made_ready_for_the_next_run(jobs, monkeypatch):
    monkeypatch.setenv("FAKE_MODE", "wait")
    made = []
    monkeypatch.setattr(Launcher, "prepare", lambda _: made.append(len(jobs._processes)))
    first, second = jobs.start(TINY), jobs.start(TINY)
    until(jobs, first, "running")
    until(jobs, second, "running")
    for name in (first, second):
        assert made == []
        jobs.end_now(name)
    assert made == [0]


def test_a_process_is_made_ready_before_the_first_run_and_never_beside_one(jobs, monkeypatch):
    monkeypatch.setenv("FAKE_MODE", "wait")
    made = []
    monkeypatch.setattr(Launcher, "prepare", lambda _: made.append(len(jobs._processes)))
    jobs.prepare()
    assert made == [0]
    until(jobs, jobs.start(TINY), "running")
    jobs.prepare()
    assert made == [0]


@pytest.mark.parametrize(("end", "waits"), [("stop", True), ("end_now", False)])
def test_a_process_whose_run_ended_well_waits_for_the_next(jobs, monkeypatch, end, waits):
    monkeypatch.setenv("FAKE_MODE", "wait")
    monkeypatch.setenv("FAKE_STAYS", "1")
    taken = []
    monkeypatch.setattr(Launcher, "take_back", lambda _, one, **__: not taken.append(one))
    name = jobs.start(TINY)
    run = until(jobs, name, "running").run
    assert taken == []
    getattr(jobs, end)(name)
    eventually(lambda: jobs.progress(name).state in END_STATES)
    assert [process.pid for process in taken] == [run.pid] * waits
    assert name not in jobs._processes
    for process in taken:
        process.kill()
        process.communicate()


def test_a_run_is_taken_out_of_the_queue(jobs, monkeypatch):
    monkeypatch.setattr(queue, "LOOK_SECONDS", 0.01)
    monkeypatch.setenv("FAKE_MODE", "wait")
    monkeypatch.setenv("VITCORE_RUNS_AT_ONCE", "1")
    name = jobs.start(TINY)
    waits = jobs.start(TINY)
    jobs.queue.remove(waits.ticket)
    assert jobs.queue() == ()
    jobs.stop(name)
    until(jobs, name, "stopped")
    time.sleep(0.1)
    assert len(jobs.runs()) == 1


def test_who_comes_later_does_not_pass_who_waits(jobs, monkeypatch):
    monkeypatch.setenv("FAKE_MODE", "wait")
    monkeypatch.setenv("VITCORE_RUNS_AT_ONCE", "1")
    name = jobs.start(TINY)
    first = jobs.start(TINY.replace(seed=1))
    jobs.stop(name)
    until(jobs, name, "stopped")
    jobs.start(TINY.replace(seed=2))  # there may be room by now, but somebody waits
    eventually(lambda: jobs.queue.begun_as(first.ticket))
    assert [one.config.seed for one in jobs.queue()] == [2]


def test_the_queue_is_bounded(jobs, monkeypatch):
    monkeypatch.setenv("FAKE_MODE", "wait")
    monkeypatch.setenv("VITCORE_RUNS_AT_ONCE", "1")
    jobs.start(TINY)
    for _ in range(queue.LONGEST):
        jobs.start(TINY)
    with pytest.raises(RunRefusedError, match="20 runs"):
        jobs.start(TINY)


def test_a_run_that_cannot_begin_when_its_turn_has_come_says_why(jobs, tmp_path, monkeypatch):
    monkeypatch.setenv("FAKE_MODE", "wait")
    monkeypatch.setenv("VITCORE_RUNS_AT_ONCE", "1")
    name = jobs.start(TINY)
    jobs.start(TINY)
    jobs._launcher = Launcher(["no-such-program"])
    jobs.stop(name)
    until(jobs, name, "stopped")
    eventually(lambda: jobs.queue()[0].problem)
    assert "no-such-program could not be started" in jobs.queue()[0].problem


@pytest.mark.parametrize("given, most", [("3", 3), ("0", 2), ("many", 2), ("", 2), ("-1", 2)])
def test_how_many_train_at_once_is_a_setting(monkeypatch, given, most):
    monkeypatch.setenv("VITCORE_RUNS_AT_ONCE", given)
    assert most_at_once() == most


def test_a_run_pauses_goes_one_step_and_runs_on(jobs, monkeypatch):
    monkeypatch.setenv("FAKE_MODE", "slow")
    name = jobs.start(TINY)
    until(jobs, name, "running")
    jobs.pause(name)
    assert jobs.progress(name).state in ("pausing", "paused")
    before = until(jobs, name, "paused").run.step
    time.sleep(0.1)
    assert jobs.progress(name).run.step == before
    jobs.one_step(name)
    assert jobs.progress(name).state in ("stepping", "paused")
    paused = until(jobs, name, "paused")
    assert (paused.run.step, paused.lives) == (before + 1, True)
    jobs.one_epoch(name)
    assert until(jobs, name, "paused").run.step == 10
    jobs.go_on(name, pace=50)
    progress = until(jobs, name, "running")
    assert (progress.pace, progress.to_epoch) == (50, False)
    jobs.stop(name)
    until(jobs, name, "stopped", "damaged")


def test_a_run_that_paused_by_itself_says_why(tmp_path):
    folder = tmp_path / "quiet-heron"
    write_description(folder, TINY)
    log = EventLog(folder)
    log("start", steps=20, steps_per_epoch=10)
    log("step", step=1)
    log("paused", step=1, reason="The disk is full.")
    progress = Jobs(tmp_path).progress("quiet-heron")
    assert (progress.state, progress.held_up) == ("paused", "The disk is full.")
    log("resumed", step=1)
    progress = Jobs(tmp_path).progress("quiet-heron")
    assert (progress.state, progress.held_up) == ("running", "")


def test_a_stopped_run_goes_on_from_what_it_saved(jobs, tmp_path, monkeypatch):
    monkeypatch.setenv("FAKE_MODE", "wait")
    name = jobs.start(TINY)
    until(jobs, name, "running")
    with pytest.raises(RunRefusedError, match="is already running"):
        jobs.resume(name)
    jobs.stop(name)
    until(jobs, name, "stopped")
    eventually(lambda: name not in jobs._processes and jobs.runs()[0].state != "running")
    with pytest.raises(RunRefusedError, match="no checkpoint"):
        jobs.resume(name)
    with pytest.raises(RunRefusedError, match="gone-run"):
        jobs.resume("gone-run")
    (tmp_path / "runs" / name / "state.safetensors").touch()
    monkeypatch.setenv("FAKE_MODE", "hang")
    jobs.resume(name)
    assert jobs.progress(name).state in ("starting", "running")
    until(jobs, name, "running")
    assert jobs.progress(name).run.config == TINY


@pytest.fixture
def stopped(jobs, tmp_path, monkeypatch):
    """A run that can go on, where one trains at a time."""
    monkeypatch.setenv("FAKE_MODE", "wait")
    monkeypatch.setenv("VITCORE_RUNS_AT_ONCE", "1")
    name = jobs.start(TINY)
    until(jobs, name, "running")
    jobs.stop(name)
    until(jobs, name, "stopped")
    (tmp_path / "runs" / name / "state.safetensors").touch()
    return name


def test_a_run_goes_on_from_the_queue_where_there_is_no_room(jobs, stopped):
    name, other = stopped, jobs.start(TINY)
    eventually(lambda: jobs.progress(other).state == "running")
    waits = jobs.resume(name)
    assert waits == jobs.resume(name)  # however often it is pressed
    assert [one.resumes for one in jobs.queue()] == [name]
    jobs.stop(other)
    eventually(lambda: jobs.queue.begun_as(waits.ticket) == name)
    until(jobs, name, "running")


@pytest.mark.parametrize("deleted", [False, True])
def test_a_run_that_waits_to_go_on_is_renamed_and_deleted_in_the_queue_too(jobs, stopped, deleted):
    other = jobs.start(TINY)
    jobs.resume(stopped)
    jobs.rename(stopped, "mine")
    assert [one.resumes for one in jobs.queue()] == ["mine"]
    if deleted:
        jobs.delete("mine")
        assert not jobs.queue()
        return
    jobs.stop(other)
    eventually(lambda: not jobs.queue())
    until(jobs, "mine", "running")


@pytest.mark.parametrize("wish", ["pause", "one_step", "one_epoch"])
def test_what_a_run_is_told_while_it_starts_is_known_at_once(jobs, tmp_path, wish):
    folder = tmp_path / "runs" / "quiet-heron"
    write_description(folder, TINY)
    getattr(jobs, wish)("quiet-heron")
    progress = jobs.progress("quiet-heron")
    assert (progress.state, progress.asked) == ("starting", wish.removeprefix("one_"))
    log = EventLog(folder)
    log("start", steps=20, steps_per_epoch=10)
    assert jobs.progress("quiet-heron").state == "starting"
    log("step", step=1)
    log("checkpoint", step=1)
    progress = jobs.progress("quiet-heron")
    assert (progress.state != "starting", progress.asked, progress.saved) == (True, "", 1)


def test_a_run_is_renamed_and_downloaded_once_it_has_ended(jobs, monkeypatch):
    monkeypatch.setenv("FAKE_MODE", "wait")
    name = jobs.start(TINY)
    until(jobs, name, "running")
    with pytest.raises(ValueError, match="is running"):
        jobs.rename(name, "mine")
    jobs.stop(name)
    until(jobs, name, "stopped")
    eventually(lambda: not jobs._collect() and name not in jobs._processes)
    jobs.rename(name, "mine")
    assert [run.name for run in jobs.runs()] == ["mine"]
    with jobs.archive("mine") as file, zipfile.ZipFile(file) as whole:
        assert "mine/events.jsonl" in whole.namelist()


def test_a_run_whose_folder_is_deleted_still_counts(jobs, tmp_path, monkeypatch):
    monkeypatch.setenv("FAKE_MODE", "hang")
    names = [jobs.start(TINY), jobs.start(TINY)]
    for name in names:
        until(jobs, name, "running")
    shutil.rmtree(tmp_path / "runs" / names[0])
    assert all(name in jobs.refusal() for name in names)
    assert jobs.end_now(names[0]) == ""
    assert jobs.refusal() == ""


@pytest.mark.parametrize("root", ["file", "file/runs"])
def test_where_nothing_can_be_written_the_run_is_refused(tmp_path, root):
    (tmp_path / "file").touch()
    with pytest.raises(RunRefusedError) as refused:
        Jobs(tmp_path / root).start(TINY)
    assert str(refused.value) == (
        f"Run not started: folder {tmp_path / root} cannot be used: "
        "a file is in the way. Set VITCORE_HOME to another one."
    )


@pytest.mark.parametrize("file", ["control.*", "run.json.*"])
def test_a_full_disk_refuses_a_run_and_leaves_nothing(jobs, tmp_path, monkeypatch, file):
    """The first file of a run has no room, or that which the server writes once it has begun."""
    write, begun = Path.write_text, []

    def full(path, *arguments, **options):
        if path.match(file):
            begun.extend(jobs._processes.values())
            path.touch()  # a full disk still has room for its name
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(path, *arguments, **options)

    monkeypatch.setenv("FAKE_MODE", "hang")
    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(RunRefusedError, match=f"(?i){os.strerror(errno.ENOSPC)}"):
        jobs.start(TINY)
    assert list((tmp_path / "runs").iterdir()) == []
    assert len(begun) == (file == "run.json.*")
    assert all(process.poll() is not None for process in begun)
    assert jobs.refusal() == ""
    assert jobs.runs() == []


def test_a_program_that_is_not_there_is_named_and_leaves_no_folder(tmp_path):
    jobs = Jobs(tmp_path / "runs", program=["no-such-program"])
    with pytest.raises(RunRefusedError, match="no-such-program could not be started"):
        jobs.start(TINY)
    assert jobs.runs() == []


def test_an_odd_control_file_says_nothing(jobs, tmp_path, monkeypatch):
    monkeypatch.setenv("FAKE_MODE", "hang")
    name = jobs.start(TINY)
    (tmp_path / "runs" / name / "control").write_bytes(b"\xff\xfe")
    assert until(jobs, name, "running").run.name == name


def test_runs_of_an_earlier_server_are_seen(jobs, tmp_path, monkeypatch):
    monkeypatch.setenv("FAKE_MODE", "wait")
    name = jobs.start(TINY)
    until(jobs, name, "running")
    later = Jobs(tmp_path / "runs")
    assert [run.name for run in later.runs()] == [name]
    later.stop(name)
    until(jobs, name, "stopped")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it is not certain which process")
def test_a_run_of_an_earlier_server_can_be_ended(jobs, tmp_path, monkeypatch):
    monkeypatch.setenv("FAKE_MODE", "hang")
    name = jobs.start(TINY, keep=True)
    until(jobs, name, "running")
    later = Jobs(tmp_path / "runs")
    later.stop(name)
    assert later.progress(name).state == "stopping"
    assert later.end_now(name) == ""
    run = later.progress(name).run
    assert (run.state, run.step) == ("interrupted", 1)
    assert run.problem == ENDED_AT_ONCE


def test_a_process_that_may_be_another_one_is_left_alone_and_that_is_said(tmp_path):
    folder = tmp_path / "quiet-heron"
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        write_description(folder, TINY, pid=other.pid)
        EventLog(folder)("start", steps=20, steps_per_epoch=10)
        assert f"process {other.pid}" in Jobs(tmp_path).end_now("quiet-heron")
        assert other.poll() is None
    assert read_run(folder).state == "interrupted"


def test_a_run_is_deleted_once_it_has_ended(jobs, monkeypatch):
    monkeypatch.setenv("FAKE_MODE", "wait")
    name = jobs.start(TINY)
    with pytest.raises(ValueError, match="is running"):
        jobs.delete(name)
    jobs.stop(name)
    until(jobs, name, "stopped")
    jobs.delete(name)
    assert jobs.runs() == []
    assert jobs.progress(name) is None


@pytest.mark.parametrize("name", ["", "..", ".", "../other", "a/b", ".hidden"])
def test_a_name_is_never_a_way_out_of_the_folder(jobs, name):
    with pytest.raises(ValueError, match="without a path"):
        jobs.delete(name)


def test_a_run_cut_back_is_read_anew(tmp_path):
    folder = tmp_path / "quiet-heron"
    write_description(folder, TINY)
    log = EventLog(folder)
    for step in (1, 2, 3):
        log("step", step=step, epoch=float(step))
    jobs = Jobs(tmp_path)
    assert jobs.progress("quiet-heron").train.epoch == (1.0, 2.0, 3.0)
    truncate_after(folder, 1)
    assert jobs.progress("quiet-heron").train.epoch == (1.0,)


def test_a_run_cut_back_that_has_grown_again_is_read_anew(tmp_path):
    folder = tmp_path / "quiet-heron"
    write_description(folder, TINY)
    log = EventLog(folder)
    log("start", time=1000.0, steps=20, steps_per_epoch=10)
    for step in (1, 2, 3, 4):
        log("step", time=1000.0, step=step, epoch=float(step))
    log("end", state="stopped", step=4)
    log.close()
    jobs = Jobs(tmp_path)
    jobs.progress("quiet-heron")
    go_on(folder)
    write_description(folder, TINY)
    truncate_after(folder, 1)
    log = EventLog(folder)
    log("start", steps=20, steps_per_epoch=10)
    for step in range(2, 10):
        log("step", step=step, epoch=float(step))
    progress = jobs.progress("quiet-heron")
    assert progress.state == "running"
    assert progress.train.epoch == tuple(map(float, range(1, 10)))


def test_long_curves_are_thinned_and_end_where_the_run_is(tmp_path):
    folder = tmp_path / "quiet-heron"
    write_description(folder, TINY)
    log = EventLog(folder)
    for step in range(2 * MOST_POINTS + 2):
        log("step", step=step, epoch=float(step))
    epochs = Jobs(tmp_path).progress("quiet-heron").train.epoch
    assert len(epochs) <= MOST_POINTS + 1
    assert epochs[:3] == (0.0, 4.0, 8.0)
    assert epochs[-1] == 2 * MOST_POINTS + 1


def test_runs_of_one_seed_have_the_same_points_however_fast_they_were(tmp_path):
    """Each told after other steps, as by a clock; the last point of a window may come in parts."""
    for name, every in (("fast", 7), ("slow", 1)):
        folder, means = tmp_path / name, LogWindows()
        write_description(folder, TINY)
        log = EventLog(folder)
        log("start", steps=200, steps_per_epoch=100)
        for step in range(1, 201):
            means.add(step, 2 / step, step / 200, 32, 1e-3)
            if step % every == 0 or step == 200:
                log("step", step=step, epoch=step / 100, loss=0.0, points=means.take())
    jobs = Jobs(tmp_path)
    fast, slow = (jobs.progress(name).train for name in ("fast", "slow"))
    for column in ("epoch", "loss", "accuracy", "learning_rate"):
        assert getattr(fast, column) == getattr(slow, column)
    assert len(fast.epoch) == 128 + 36
    assert (fast.epoch[0], fast.epoch[-1], fast.loss[:2]) == (0.01, 2.0, (2.0, 1.0))


def test_odd_points_are_passed_over(tmp_path):
    folder = tmp_path / "odd"
    write_description(folder, TINY)
    EventLog(folder)("step", step=3, points=[None, [1], ["1", 2, 3, 4], [3, "x", 0.5, 1e-3]])
    train = Jobs(tmp_path).progress("odd").train
    assert (train.epoch, train.accuracy, train.loss[0] != train.loss[0]) == ((3.0,), (0.5,), True)


def test_the_time_left_comes_from_the_time_spent(tmp_path):
    folder = tmp_path / "quiet-heron"
    write_description(folder, TINY)
    log = EventLog(folder)
    log("start", steps=110, steps_per_epoch=55)
    log("step", step=1, time=100.0)
    jobs = Jobs(tmp_path)
    assert jobs.progress("quiet-heron").seconds_left is None
    log("step", step=11, time=105.0)
    assert jobs.progress("quiet-heron").seconds_left == pytest.approx(0.5 * 99)


SERVER = """
import sys, time
from explorer.runs.jobs import Jobs
from vitcore.config import TrainConfig
jobs = Jobs(sys.argv[1], program=[sys.executable, sys.argv[2]])
print(jobs.start(TrainConfig(data="sketch10")), flush=True)
time.sleep(60)
"""


def test_a_run_ends_with_its_server_even_when_that_is_killed(jobs, tmp_path):
    root = str(Path(__file__).resolve().parents[2])
    arguments = [sys.executable, "-c", SERVER, str(tmp_path / "runs"), str(tmp_path / "program.py")]
    env = {**os.environ, "PYTHONPATH": root, "FAKE_MODE": "wait"}
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=env) as server:
        name = server.stdout.readline().strip()
        until(jobs, name, "running")
        server.kill()
    assert until(jobs, name, "stopped", "interrupted").run.step == 1


def test_the_time_left_is_not_shorter_than_the_chosen_pace_allows(tmp_path):
    folder = tmp_path / "quiet-heron"
    write_description(folder, TINY)
    log = EventLog(folder)
    log("start", steps=120, steps_per_epoch=10)
    for step in (1, 21):
        log("step", step=step, time=1000.0 + step / 10)
    assert Jobs(tmp_path).progress("quiet-heron").seconds_left == pytest.approx(9.9)
    Jobs(tmp_path).go_on("quiet-heron", pace=3)
    assert Jobs(tmp_path).progress("quiet-heron").seconds_left == pytest.approx(33)


ANNA, BEN = Visitor("anna", operates=False), Visitor("ben", operates=False)


def test_a_visitor_changes_only_their_own_runs(jobs, monkeypatch, tmp_path):
    monkeypatch.setenv("FAKE_MODE", "wait")
    name = jobs.of(ANNA).start(TINY, keep=True)
    until(jobs, name, "running")
    of_nobody = write_description_of_nobody(tmp_path)
    of_ben = jobs.of(BEN)
    changes = {
        "stop": (),
        "pause": (),
        "go_on": (),
        "one_step": (),
        "one_epoch": (),
        "end_now": (),
        "delete": (),
        "rename": ("mine",),
        "resume": (),
    }
    for change, arguments in changes.items():
        for run in (name, of_nobody):
            with pytest.raises(RunRefusedError):
                getattr(of_ben, change)(run, *arguments)
    assert until(jobs, name, "running").run.name == name
    assert (of_ben.progress(name).run, of_ben.runs()) == (jobs.progress(name).run, jobs.runs())
    jobs.of(ANNA).stop(name)
    until(jobs, name, "stopped")
    assert jobs.of(ANNA).rename(name, "annas") == "annas"
    with pytest.raises(RunRefusedError):
        of_ben.delete("annas")
    jobs.of(ANNA).delete("annas")
    jobs.delete(of_nobody)
    assert jobs.runs() == []


def write_description_of_nobody(tmp_path):
    """A run that was started from a shell."""
    folder = tmp_path / "runs" / "from-a-shell"
    folder.mkdir(parents=True)
    write_description(folder, TINY, pid=0)
    return folder.name


def test_a_visitor_has_two_runs_in_all_training_or_queued_and_a_longest_time(jobs, monkeypatch):
    monkeypatch.setenv("FAKE_MODE", "wait")
    monkeypatch.setenv("VITCORE_RUNS_AT_ONCE", "1")
    of_anna, of_ben = jobs.of(ANNA), jobs.of(BEN)
    with pytest.raises(RunRefusedError):
        of_anna.start(TINY.replace(epochs=100_000.0))
    assert of_anna.limit(TINY.replace(epochs=100_000.0)) != of_anna.limit(TINY) == ""
    first = jobs.start(TINY)
    waiting = [of_anna.start(TINY), of_anna.start(TINY)]
    with pytest.raises(RunRefusedError):
        of_anna.start(TINY)
    waiting.append(of_ben.start(TINY, keep=True))
    waiting.append(jobs.start(TINY.replace(epochs=100_000.0), keep=True))
    assert [one.owner for one in jobs.queue()] == ["anna", "anna", "ben", ""]
    assert [one.keep for one in jobs.queue()] == [False, False, False, True]
    of_ben.leave_queue(waiting[0].ticket)
    of_ben.leave_queue(waiting[3].ticket)
    assert len(jobs.queue()) == 4
    of_anna.leave_queue(waiting[0].ticket)
    jobs.leave_queue(waiting[3].ticket)
    assert [one.ticket for one in jobs.queue()] == [waiting[1].ticket, waiting[2].ticket]
    for one in jobs.queue():
        jobs.leave_queue(one.ticket)
    jobs.end_now(first)


def test_what_a_visitor_trains_is_one_of_their_runs(jobs, monkeypatch):
    monkeypatch.setenv("FAKE_MODE", "wait")
    of_anna, of_ben = jobs.of(ANNA), jobs.of(BEN)
    name = of_anna.start(TINY)
    until(jobs, name, "running")
    of_anna.start(TINY)
    with pytest.raises(RunRefusedError):
        of_anna.start(TINY)
    waiting = of_ben.start(TINY)
    assert jobs.queue() == (waiting,)
    of_ben.leave_queue(waiting.ticket)
    of_anna.stop(name)
    until(jobs, name, "stopped")
    assert of_anna.limit(TINY) == ""


@pytest.mark.parametrize(("free", "starts"), [(8 * 10**9, False), (None, True), (10**15, True)])
def test_a_visitor_starts_no_run_that_needs_more_memory_than_is_free(
    jobs, monkeypatch, free, starts
):
    large = TINY.replace(preset="plain", batch_size=4096, patch_sizes=(1,))
    monkeypatch.setattr(estimates, "free_memory", lambda: free)
    monkeypatch.setattr(estimates, "estimate", lambda *_: estimates.RunEstimate(seconds=1.0))
    monkeypatch.setenv("FAKE_MODE", "wait")
    assert jobs.of(ANNA).limit(TINY) == ""
    assert (jobs.of(ANNA).limit(large) == "") == starts
    if starts:
        assert jobs.of(ANNA).start(large)
    else:
        with pytest.raises(RunRefusedError, match="memory .8.0 GB free"):
            jobs.of(ANNA).start(large)
    assert jobs.start(large)


def test_memory_of_a_run_that_trains_is_free_for_one_behind_it(jobs, monkeypatch):
    monkeypatch.setenv("FAKE_MODE", "wait")
    until(jobs, jobs.start(TINY), "running")
    need = estimates.memory(TINY)
    for free, starts in ((1, True), (0, True), (-1, False)):
        monkeypatch.setattr(estimates, "free_memory", lambda free=free: free)
        assert (jobs.of(ANNA).limit(TINY) == "") == starts
    monkeypatch.setattr(estimates, "free_memory", lambda: need - 1)
    assert jobs.of(ANNA).limit(TINY.replace(batch_size=2 * TINY.batch_size)) == ""


def test_no_process_is_made_ready_for_who_may_not_train(jobs, monkeypatch):
    made = []
    monkeypatch.setattr(jobs._launcher, "prepare", lambda: made.append(True))
    monkeypatch.setenv("VITEXPLORER_OFF", "training")
    jobs.of(ANNA).prepare()
    assert not made
    jobs.prepare()
    assert len(made) == 1
    monkeypatch.setenv("VITEXPLORER_OFF", "uploads")
    jobs.of(ANNA).prepare()
    assert len(made) == 2


def test_a_visitor_does_not_train_where_that_is_disabled(jobs, stopped, monkeypatch, tmp_path):
    set_owner(tmp_path / "runs" / stopped, "anna")
    monkeypatch.setenv("VITEXPLORER_OFF", "uploads,training")
    of_anna = jobs.of(ANNA)
    assert of_anna.limit(TINY)
    for attempt in (lambda: of_anna.start(TINY), lambda: of_anna.resume(stopped)):
        with pytest.raises(RunRefusedError):
            attempt()
    assert (jobs.limit(TINY), jobs.resume(stopped)) == ("", stopped)
    jobs.end_now(stopped)


def test_what_waits_is_kept_for_the_next_server(jobs, monkeypatch, tmp_path):
    monkeypatch.setenv("FAKE_MODE", "wait")
    monkeypatch.setenv("VITCORE_RUNS_AT_ONCE", "1")
    first = jobs.start(TINY)
    jobs.of(ANNA).start(TINY.replace(seed=1))
    jobs.start(TINY.replace(seed=2), keep=True)
    home = tmp_path / "runs"
    (file,) = home.glob(".queue-*")
    assert RunQueue(lambda _: None, lambda: home)() == ()  # this server lives, and serves them
    left = file.with_name(file.name.replace(str(os.getpid()), "0"))
    left.write_text(json.dumps({**json.loads(file.read_text()), "pid": 0}))
    begun = []

    def start(one):
        begun.append(one)
        return "quiet-heron"

    after = RunQueue(start, lambda: home)
    deadline = time.monotonic() + 10
    while after() and time.monotonic() < deadline:
        time.sleep(0.05)
    after.close()
    assert [(one.config.seed, one.owner, one.keep) for one in begun] == [
        (1, "anna", False),
        (2, "", True),
    ]
    for one in jobs.queue():
        jobs.leave_queue(one.ticket)
    assert list(home.glob(".queue-*")) == []
    jobs.end_now(first)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"pid": 0, "since": 0}', '{"pid": "x"}'])
def test_a_damaged_queue_is_an_empty_one(tmp_path, text):
    (tmp_path / f".queue-{socket.gethostname()}-1.json").write_text(text)
    assert RunQueue(lambda _: None, lambda: tmp_path)() == ()
