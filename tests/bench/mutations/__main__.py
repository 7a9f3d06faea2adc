"""Repeat some of the mutated inputs: `python -m tests.bench.mutations KIND`."""

from __future__ import annotations

import argparse
import os
import sys

from tests.bench import mutations


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.mutations", description=__doc__)
    parser.add_argument("kind", choices=mutations.KINDS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=1)
    options = parser.parse_args(arguments)
    mutations.read_all(options.kind, seed=options.seed, first=options.first, count=options.count)
    return 0


if __name__ == "__main__":
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    sys.exit(main(sys.argv[1:]))
