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
from explorer.results import Failure, Pending, Ready
from tests.browser.server import free_port
from tests.vitcore.small_models import random_weights, small_config
from vitcore import checkpoints

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


def eventually(check, seconds=60.0):
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture
def make():
    made = []

    def make(**options):
        made.append(Dispatcher(ClusterWorker, explain=explain, **options))
        return made[-1]

    yield make
    for dispatcher in made:
        dispatcher.close()


def answered(dispatcher, task, session, seconds=120.0):
    end = time.monotonic() + seconds
    answer = dispatcher.ask(task, session, patience=seconds)
    while isinstance(answer, Pending) and time.monotonic() < end:
        answer = dispatcher.ask(task, session, patience=0.05)
    return answer.value if isinstance(answer, Ready) else answer


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
