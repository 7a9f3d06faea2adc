"""The app as a person starts it: another folder, a home of its own, a free port."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
OF_THE_PERSON = ("STREAMLIT_", "VITCORE_", "PYTHONPATH", "KERAS_BACKEND")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A running app; a context manager, so that nothing is left behind.

    Args:
        home: an empty folder, for everything that the app keeps.
        data: a folder with CIFAR-10, or None for a machine that has none.
        script: what `streamlit run` opens.
        variables: more environment variables.
        path: under which it answers, where that is not the root.
    """

    def __init__(self, home: Path, *, data=None, script=None, variables=None, path=""):
        self.home = home
        self.data = data
        self.script = script or ROOT / "explorer" / "app.py"
        self.variables = variables or {}
        self.log = home / "server.log"
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}{path}"
        self.process = None
        self.started = 0.0

    def __enter__(self):
        elsewhere = self.home / "elsewhere"
        elsewhere.mkdir(parents=True, exist_ok=True)
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(OF_THE_PERSON)
        }
        environment |= {
            "HOME": str(self.home),
            "VITCORE_HOME": str(self.home / "vitcore"),
            "KERAS_HOME": str(self.home / "keras"),
            "PYTHONUNBUFFERED": "1",
        }
        if self.data:
            environment["VITCORE_DATA"] = str(self.data)
        command = [sys.executable, "-m", "streamlit", "run", str(self.script)]
        self.started = time.time()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, "--server.port", str(self.port)],
                cwd=elsewhere,
                env=environment | self.variables,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self.wait_until_healthy()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def wait_until_healthy(self, *, seconds=60.0):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"the app ended with {self.process.returncode}:\n{self.said()}")
            try:
                with urllib.request.urlopen(f"{self.address}/_stcore/health", timeout=2) as answer:
                    if answer.status == 200:
                        return
            except OSError:
                pass
            time.sleep(0.05)
        raise RuntimeError(f"the app was not healthy within {seconds:.0f} s:\n{self.said()}")

    def said(self) -> str:
        return self.log.read_text(errors="replace")[-4000:]

    def app(self) -> psutil.Process:
        """The process that serves the pages."""
        return psutil.Process(self.process.pid)

    def others(self) -> list[psutil.Process]:
        """The worker, trainings and whatever else the app started."""
        return self.app().children(recursive=True)

    def worker(self, *, seconds=60.0) -> psutil.Process:
        """The process that has mapped TensorFlow, once there is one."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for process in self.others():
                if any("tensorflow" in path for path in mapped(process)):
                    return process
            time.sleep(0.2)
        raise RuntimeError(f"no worker within {seconds:.0f} s:\n{self.said()}")

    def stop(self):
        try:
            family = [*self.others(), self.app()]
        except psutil.NoSuchProcess:
            family = []
        for process in family:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(family, timeout=10)
        self.process.wait(timeout=10)


def mapped(process: psutil.Process) -> list[str]:
    """The files, libraries among them, that a process has mapped into its memory."""
    try:
        return [region.path for region in process.memory_maps()]
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return []


def anonymous_megabytes(process: psutil.Process) -> float:
    """RssAnon: memory that belongs to this process alone, mapped files not counted."""
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("this kernel does not tell RssAnon")
