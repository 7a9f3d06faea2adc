"""Several processes on this machine train one model as one process would."""

import os
import re
import shutil
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from vitcore.config import RECIPES, TrainConfig
from vitcore.training import events
from vitcore.training.distributed import ProcessGroup, join
from vitcore.training.train_state import STATE

ROOT = Path(__file__).resolve().parents[3]
OPTIONS = (
    "train --preset smallest --data sketch10 --steps 6 --batch-size 8 --num-sketches 24 --seed 3 "
    "--validation-split 0.5 --ema-decay 0.9 --patch-sizes 16 --sketch-fraction 0.25 --cycles 2"
).split()


class Started:
    """A process of a run, with what it printed once it has ended."""

    def __init__(self, scratch, *arguments, **environment):
        self.home = scratch / f"home-{len(list(scratch.glob('home-*')))}"
        self.home.mkdir()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.vitcore.training.small_command", *map(str, arguments)],
            cwd=ROOT,
            env={
                **os.environ,
                "KERAS_BACKEND": "jax",
                "JAX_PLATFORMS": "cpu",
                "VITCORE_HOME": str(self.home),
                # The same steps again and again: compiled once for all processes of this file.
                "JAX_COMPILATION_CACHE_DIR": str(scratch / "compiled"),
                "JAX_PERSISTENT_COMPILATION_CACHE_MIN_COMPILE_TIME_SECS": "0",
                **environment,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def end(self):
        self.out, self.err = self._process.communicate(timeout=240)
        return self._process.returncode

    @property
    def losses(self):
        return [float(loss) for loss in re.findall(r"^loss \d+ (.*)$", self.out, re.MULTILINE)]


def start_two(scratch, *options, first, second=(), **environment):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    together = ("--processes", 2, "--coordinator", address)
    return [
        Started(scratch, *options, *own, *together, "--process", number, **environment)
        for number, own in enumerate((first, second))
    ]


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    if find_spec("jax") is None:
        pytest.skip("JAX is not installed")
    return tmp_path_factory.mktemp("together")


@pytest.fixture(scope="module")
def runs(scratch):
    """One process' run; and one begun by two processes, ended by two and, as a copy, by one."""
    there, copy = (("--run-dir", scratch / name) for name in ("shared", "copy"))
    straight = Started(scratch, *OPTIONS, "--run-dir", scratch / "straight")
    begun = start_two(scratch, *OPTIONS, first=there, STOP_AFTER="3")
    assert [process.end() for process in (straight, *begun)] == [0, 0, 0], begun[0].err
    shutil.copytree(scratch / "shared", scratch / "copy")
    ended = start_two(scratch, "train", "--resume", first=there)
    alone = Started(scratch, "train", "--resume", *copy)
    assert [process.end() for process in (*ended, alone)] == [0, 0, 0], ended[0].err
    return straight, begun, ended, alone


def test_losses_are_the_same_on_both_and_those_of_one_process(runs):
    straight, begun, ended, alone = runs
    for first, second in (begun, ended):
        assert first.losses == second.losses
    for last in (ended[0], alone):
        together = [*begun[0].losses, *last.losses]
        assert len(together) == 6
        np.testing.assert_allclose(together, straight.losses, atol=1e-4)


@pytest.mark.parametrize("last", ["shared", "copy"])
def test_variables_are_those_of_one_process(runs, scratch, last):
    one, other = (load_file(scratch / name / STATE) for name in ("straight", last))
    assert set(one) == set(other)
    for name, values in one.items():  # Adam divides by small numbers: see test_backends
        assert np.abs(values.astype(float) - other[name]).mean() < 1e-4, name


def test_first_process_alone_writes(runs, scratch):
    _, begun, ended, _ = runs
    for process in (begun[1], ended[1]):
        assert not list(process.home.iterdir())
        assert f"{scratch / 'shared'}\n" in process.out
    told = [event["event"] for event in events.read(scratch / "shared")[0]]
    assert told.count("start") == 2
    assert told.count("step") == 6
    assert told.count("validation") == 6
    assert told[-1] == "end"


def test_what_the_first_refuses_the_other_hears(runs, scratch):
    first, second = start_two(scratch, *OPTIONS, first=("--run-dir", scratch / "shared"))
    assert [first.end(), second.end()] == [2, 2]
    problem = f"{scratch / 'shared'} already has a run. Add --resume or use another folder"
    assert f"error: {problem}" in first.err
    assert f"error: process 0 of this run failed: {problem}" in second.err


def test_processes_that_were_told_otherwise_do_not_train(scratch):
    first, second = start_two(
        scratch, *OPTIONS, first=("--run-dir", scratch / "odd"), second=("--seed", 4)
    )
    assert [first.end(), second.end()] == [2, 2]
    message = "error: processes have different configurations: seed (3 and 4)"
    assert message in second.err
    assert "error: process 1 of this run failed; see its message" in first.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0,), "processes must be an integer >= 1, got 0"),
        ((2, 2, "host:1"), r"process must be an integer from 0 to 1, got 2"),
        ((2, -1, "host:1"), r"process must be an integer from 0 to 1, got -1"),
        ((2, 0, "host"), "coordinator must be HOST:PORT, got 'host'"),
        ((2, 0, "host:1"), "multiple processes need KERAS_BACKEND=jax, got tensorflow"),
    ],
)
def test_what_makes_no_sense_is_refused_before_they_meet(monkeypatch, arguments, message):
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    with pytest.raises(ValueError, match=message):
        join(*arguments)


def test_batch_that_cannot_be_shared_evenly_is_refused_with_both_numbers():
    config = TrainConfig(batch_size=9)
    with pytest.raises(ValueError, match="by the number of processes, got 9 and 2"):
        ProcessGroup(count=2, devices=2).check_batch(config, 4)
    with pytest.raises(ValueError, match="by the number of devices of all processes, got 9 and 6"):
        ProcessGroup(count=3, devices=6).check_batch(config, 4)
    ProcessGroup(count=3, devices=9).check_batch(config, 4)
    ProcessGroup().check_batch(config, 4)


def test_what_devices_cannot_share_evenly_is_left_over():
    # 8192 tokens are 67 images of 121 patches
    assert [ProcessGroup(count=2, devices=2).shared(count) for count in (67, 66, 2)] == [66, 66, 2]
    assert ProcessGroup().shared(67) == 67


def test_budget_that_leaves_a_device_without_an_image_is_refused():
    config = RECIPES["flexi-cifar10-cpu"]  # 32 images at patch size 2
    ProcessGroup(count=4, devices=32).check_batch(config, 4)
    with pytest.raises(ValueError, match="gives 32 at patch size 2, for 64 devices"):
        ProcessGroup(count=8, devices=64).check_batch(config, 4)
