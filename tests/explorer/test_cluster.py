"""A cluster of a scheduler and two workers on this machine: what it computes, and what it loses."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import fields
from pathlib import Path

import numpy as np
import psutil
import pytest

from explorer import cluster
from explorer.client import cluster_worker
from explorer.client.cluster_worker import ClusterWorker
from explorer.client.dispatcher import Dispatcher
from explorer.client.models import explain
from explorer.client.request_queue import Session, Task
from explorer.client.tasks import forward_pass
from explorer.results import Failure
from explorer.runs.jobs import Jobs, RunRefusedError
from tests.browser.server import free_port
from tests.explorer.waiting import answered, eventually
from tests.vitcore.small_models import random_weights, small_config
from vitcore import checkpoints
from vitcore.config import TrainConfig
from vitcore.training import events, loop

pytest.importorskip("distributed", reason="dask.distributed is not installed")

ROOT = Path(__file__).resolve().parents[2]
HERE = ("--host", "127.0.0.1", "--no-dashboard")


@contextmanager
def process(*arguments):
    """A process of dask, as an operator starts it, and all that it started in turn."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", *arguments]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as one:
        try:
            yield one
        finally:
            with suppress(psutil.NoSuchProcess):  # a test ended it
                for each in psutil.Process(one.pid).children(recursive=True):
                    each.kill()
            one.kill()


@contextmanager
def scheduler(port):
    with process("distributed.cli.dask_scheduler", *HERE, "--port", str(port)) as one:
        yield one


@contextmanager
def worker(address):
    with process("distributed.cli.dask_worker", address, *HERE, "--nthreads", "1") as one:
        yield one


@pytest.fixture(scope="module")
def address():
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    with scheduler(port), worker(address), worker(address), pytest.MonkeyPatch.context() as patch:
        patch.setenv(cluster.ADDRESS, address)
        eventually(listens)
        client = cluster.connect()
        client.wait_for_workers(2, timeout=60)
        client.close()
        yield address


def listens():
    try:
        cluster.check()
    except cluster.ClusterError:
        return False
    return True


@pytest.fixture
def make():
    made = []

    def make(**options):
        made.append(Dispatcher(ClusterWorker, explain=explain, **options))
        return made[-1]

    yield make
    for dispatcher in made:
        dispatcher.close()


def test_a_forward_pass_is_the_same_as_here(address, make, tmp_path, rng):
    checkpoints.write(tmp_path, config := small_config(), random_weights(config))
    arguments = str(tmp_path), checkpoints.stamp(tmp_path)
    images, dispatcher, session = rng.integers(0, 256, (3, 32, 32, 3), np.uint8), make(), Session()
    for number, image in enumerate(images):
        asked = (*arguments, image, 8, None)
        there = answered(dispatcher, Task(number, forward_pass.forward, asked), session)
        here = forward_pass.forward(*asked)
        for field in fields(here):
            if field.name != "seconds":
                np.testing.assert_array_equal(
                    getattr(there, field.name), getattr(here, field.name), err_msg=field.name
                )


def test_a_worker_stays_and_is_another_process(address, make):
    dispatcher, session = make(), Session()
    found = {answered(dispatcher, Task(number, os.getpid), session) for number in range(5)}
    assert len(found) == 1
    assert os.getpid() not in found


def test_a_worker_that_is_lost_is_replaced_and_asked_once_more(address, make, tmp_path):
    def begin(folder):
        (folder / str(os.getpid())).touch()
        if len(list(folder.iterdir())) == 1:
            time.sleep(600)
        return os.getpid()

    steps = []
    dispatcher, session = make(first_steps=lambda: steps.append(1) or []), Session()
    task = Task("a", begin, (tmp_path,))
    dispatcher.ask(task, session, patience=0.0)
    eventually(lambda: list(tmp_path.iterdir()))
    (first,) = (int(file.name) for file in tmp_path.iterdir())
    os.kill(first, signal.SIGKILL)
    second = answered(dispatcher, task, session)
    assert {first, second} == {int(file.name) for file in tmp_path.iterdir()}
    assert len(steps) == 2  # the new one is made ready as the first was


def test_a_worker_that_stands_still_is_started_anew(address, make):
    dispatcher, session = make(deadline=3.0), Session()
    old = answered(dispatcher, Task("pid", os.getpid), session)
    assert isinstance(answered(dispatcher, Task("slow", time.sleep, (600,)), session), Failure)
    eventually(lambda: not psutil.pid_exists(old))
    assert answered(dispatcher, Task("pid again", os.getpid), session) != old


def test_a_worker_serves_one_question_at_a_time_whoever_asks():
    inside, most = [], []

    def look():
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.01)
        inside.pop()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: cluster_worker._run(look), range(12)))
    assert max(most) == 1


def test_a_scheduler_that_cannot_be_reached_is_said_and_looked_for_again(make, monkeypatch):
    port = free_port()
    monkeypatch.setenv(cluster.ADDRESS, f"tcp://127.0.0.1:{port}")
    dispatcher, session = make(), Session()
    failure = answered(dispatcher, Task("pid", os.getpid), session)
    assert failure.message.format(**failure.values).count(str(port)) == 1
    with scheduler(port) as first, worker(cluster.address()):
        eventually(listens)
        dispatcher.begin(session, allowance=60.0)
        old = answered(dispatcher, Task("pid", os.getpid), session)
        first.kill()
        first.wait()
        again = Task("pid again", os.getpid)
        assert answered(dispatcher, again, session).message == failure.message
        with scheduler(port), worker(cluster.address()):
            eventually(listens)
            dispatcher.begin(session, allowance=60.0)
            assert answered(dispatcher, again, session) != old
            dispatcher.close()


TINY = TrainConfig(
    data="sketch10", preset="tiny", patch_sizes=(16,), epochs=2.0, num_sketches=100, batch_size=8
)


@pytest.fixture
def jobs(address, tmp_path):
    jobs = Jobs(tmp_path / "runs")
    yield jobs
    jobs.close()


def until(jobs, name, *states):
    eventually(lambda: jobs.progress(name).state in states)
    return jobs.progress(name).run


def trainer(folder):
    """The process that trains a run, whose parent is a worker."""
    for one in psutil.process_iter(["cmdline"]):
        words = one.info["cmdline"] or ()
        if "--attempt" in words and f"--run-dir={folder}" in words:
            return one
    return None


def test_two_trainings_are_as_here_though_a_worker_is_lost_in_the_middle(jobs, tmp_path):
    configs = {jobs.start(config): config for config in (TINY, TINY.replace(seed=1))}
    first, home = next(iter(configs)), tmp_path / "runs"
    jobs.one_epoch(first)
    middle, lost = until(jobs, first, "paused"), trainer(home / first)
    jobs.go_on(first, pace=1)
    os.kill(parent := lost.ppid(), signal.SIGKILL)
    eventually(lambda: not lost.is_running())
    jobs.pause(first)
    eventually(lambda: trainer(home / first))
    assert trainer(home / first).ppid() != parent
    assert middle.step <= until(jobs, first, "paused").step < middle.steps
    jobs.go_on(first)
    for name, config in configs.items():
        until(jobs, name, "finished")
        loop.train(tmp_path / name, config)
        for here, there in zip(measured(tmp_path / name), measured(home / name), strict=True):
            assert here == there
        here, there = (checkpoints.read(folder / name)[1] for folder in (tmp_path, home))
        for weight, values in here.items():
            np.testing.assert_array_equal(values, there[weight], err_msg=weight)


def measured(folder):
    """What a run says of its validations."""
    kept = "step", "loss", "accuracy", "top5"
    found = [one for one in events.read(folder)[0] if one["event"] == "validation"]
    assert found
    return [{name: one[name] for name in kept} for one in found]


def test_a_training_ends_on_its_worker_when_it_ends_here_or_the_server_does(jobs, tmp_path):
    names = [jobs.start(config) for config in (TINY, TINY.replace(seed=1))]
    for name in names:
        jobs.one_epoch(name)
    for name in names:
        until(jobs, name, "paused")
    there = [trainer(tmp_path / "runs" / name) for name in names]
    jobs.end_now(names[0])
    eventually(lambda: not there[0].is_running())
    assert there[1].is_running()
    jobs.close()
    eventually(lambda: not there[1].is_running())
    for name in names:
        assert jobs.can_resume(until(jobs, name, "interrupted"))


def test_no_run_is_begun_where_the_scheduler_cannot_be_reached(tmp_path, monkeypatch):
    monkeypatch.setenv(cluster.ADDRESS, f"tcp://127.0.0.1:{free_port()}")
    jobs = Jobs(tmp_path)
    with pytest.raises(RunRefusedError):
        jobs.start(TINY)
    assert jobs.runs() == []
