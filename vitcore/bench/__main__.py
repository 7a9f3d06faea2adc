"""One side's process: `python -m vitcore.bench SIDE` answers questions from standard input."""

from __future__ import annotations

import os
import sys
from importlib import import_module

from vitcore.bench.contenders import SIDES, answer

replies = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # what a library prints is no answer
for reply in answer(import_module(SIDES[sys.argv[1]].module).ENTRANTS, sys.stdin):
    print(reply, file=replies, flush=True)
