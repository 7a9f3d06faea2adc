"""What all tests share: a home of their own, no network, a seeded generator."""

import os
import socket
import sys
import tempfile
from pathlib import Path

import pytest

IN_THE_APP = {
    f"test_{name}.py"
    for name in (
        "bad_input encoder evaluate every_page lens_file lens_in_app links main_job tour".split()
    )
}
# Before anything is imported: no test may read or write what the person at this machine keeps.
HOME = tempfile.TemporaryDirectory(prefix="vitcore-tests-", ignore_cleanup_errors=True)
os.environ["VITCORE_HOME"] = str(Path(HOME.name) / "vitcore")
os.environ["KERAS_HOME"] = str(Path(HOME.name) / "keras")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Small arrays, and a core for each of the processes at once: threads would wait for each other.
for threads in ("OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
    os.environ.setdefault(threads, "1")
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def pytest_unconfigure():
    HOME.cleanup()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """A file's tests share what they set up, and files that open the app in a browser its server.

    Not by `xdist_group`: with this pytest, xdist 3.8 does not see these marks.
    """
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class OneApp(LoadFileScheduling):
        def _split_scope(self, nodeid):
            file = super()._split_scope(nodeid)
            return "app" if Path(file).name in IN_THE_APP else file

    return OneApp(config, log)


@pytest.fixture
def rng():
    import numpy as np

    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def cifar10_folder():
    """The folder with the real CIFAR-10."""
    folder = os.environ.get("VITCORE_DATA")
    if not folder:
        pytest.skip("VITCORE_DATA names no CIFAR-10")
    return Path(folder)


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """A connection to another machine is an error: tests must hold on a plane."""
    connect = socket.socket.connect

    def guarded(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in LOOPBACK:
            raise OSError(f"a test tried to reach {address[0]}; tests use no network")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def patient_page_tests(monkeypatch):
    """AppTest gives a page 3 seconds, which a busy machine may need: a minute is for what hangs."""
    if module := sys.modules.get("streamlit.testing.v1.local_script_runner"):
        wait = module.require_widgets_deltas

        def patient(runner, timeout):
            wait(runner, max(timeout, 60.0))

        monkeypatch.setattr(module, "require_widgets_deltas", patient)
