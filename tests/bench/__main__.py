"""Measure what a person waits for: `python -m tests.bench [names]`, one table with ratios."""

import argparse
import os
import platform
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.bench import (
    data,
    explaining,
    hovering,
    memory,
    mutations,
    opening,
    payload,
    polling,
    reruns,
    sliding,
    training,
    viewing,
    watching,
)
from tests.bench.table import Row, show
from tests.browser.conftest import ARGUMENTS
from tests.run import cifar10_folder, find_browser

PARTS = {
    "data": data.measure,
    "opening": opening.measure,
    "sliding": sliding.measure,
    "hovering": hovering.measure,
    "viewing": viewing.measure,
    "explaining": explaining.measure,
    "training": training.measure,
    "watching": watching.measure,
    "polling": polling.measure,
    "payload": payload.measure,
    "reruns": reruns.measure,
    "memory": memory.measure,
    "mutations": mutations.measure,
}


def load() -> str:
    if not hasattr(os, "getloadavg"):
        return "load unknown"
    return "load average " + ", ".join(f"{value:.1f}" for value in os.getloadavg())


def machine() -> str:
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {load()} at the start, "
        f"Python {platform.python_version()}"
    )


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="all where none is named")
    names = parser.parse_args(arguments).parts or list(PARTS)
    browser_path = find_browser()
    if browser_path is None:
        print("no Chrome or Chromium: install one, or name it in CHROMIUM", file=sys.stderr)
        return 2
    folder = cifar10_folder(sys.executable)
    print(f"{machine()}\npictures: {'CIFAR-10' if folder else 'sketch10'}", flush=True)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="vitcore-bench-") as home, sync_playwright() as started:
        browser = started.chromium.launch(executable_path=browser_path, args=ARGUMENTS)
        try:
            for name in names:
                print(f"measuring {name}", file=sys.stderr, flush=True)
                rows += PARTS[name](browser, Path(home) / name, folder)
        finally:
            browser.close()
    print(f"{show(rows)}\n{load()} at the end; the bounds in seconds are for an idle machine")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
