"""The first and the second opening of CIFAR-10."""

import os
import subprocess
import sys

from tests.bench.table import Row
from tests.browser.server import ROOT

OPEN = """
import time
from vitcore import cifar10
start = time.perf_counter()
cifar10("train"), cifar10("test")
print(time.perf_counter() - start)
"""
REPETITIONS = 5


def measure(browser, home, folder) -> list[Row]:  # noqa: ARG001
    if not folder:
        return []
    home.mkdir(parents=True)
    environment = os.environ | {"VITCORE_HOME": str(home), "VITCORE_DATA": str(folder)}

    def seconds() -> float:
        command = [sys.executable, "-c", OPEN]
        return float(subprocess.check_output(command, cwd=ROOT, env=environment, text=True))

    first = seconds()
    again = [1000 * seconds() for _ in range(REPETITIONS)]
    return [
        Row("CIFAR-10, first conversion, both splits", [first], "s", bound=10),
        Row("CIFAR-10, later opening, both splits, new process", again, "ms", bound=50),
    ]
