"""Waiting in tests, so long only where something hangs."""

import time

from explorer.results import Pending, Ready


def answered(dispatcher, task, session, seconds=120.0):
    """Ask until there is an answer or a problem."""
    end = time.monotonic() + seconds
    answer = dispatcher.ask(task, session, patience=seconds)
    while isinstance(answer, Pending) and time.monotonic() < end:
        answer = dispatcher.ask(task, session, patience=0.05)
    return answer.value if isinstance(answer, Ready) else answer


def eventually(check, seconds=300.0):
    """Wait until `check()` holds."""
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end
        time.sleep(0.02)
