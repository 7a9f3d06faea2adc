"""The sessions that are open here, and how they end when the server is told to end."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from types import FrameType

_NOTICE = 5.0  # seconds for which open sessions go on: a proxy learns meanwhile to come no more
_LONGEST = 9.0  # seconds from SIGTERM to the end, whatever hangs; Docker kills after ten


class Sessions:
    """Counts the sessions of a server, which takes no new ones once it was told to end."""

    def __init__(self) -> None:
        self.open = 0
        self.ending = False

    @contextmanager
    def one(self) -> Iterator[None]:
        """A session, for as long as its connection lasts."""
        self.open += 1
        try:
            yield
        finally:
            self.open -= 1

    def listen(self) -> None:
        """Hear SIGTERM before the server does; called in its loop, when it listens itself."""
        usual, loop = signal.getsignal(signal.SIGTERM), asyncio.get_running_loop()
        if threading.current_thread() is not threading.main_thread() or not callable(usual):
            return

        def told(number: int, frame: FrameType | None) -> None:
            if self.ending:  # a second time: at once
                usual(number, frame)
                return
            self.ending = True
            last = threading.Timer(_LONGEST, os._exit, (128 + number,))
            last.daemon = True
            last.start()
            asyncio.run_coroutine_threadsafe(self._leave(lambda: usual(number, None)), loop)

        signal.signal(signal.SIGTERM, told)

    async def _leave(self, end: Callable[[], None]) -> None:
        until = time.monotonic() + _NOTICE
        while self.open and time.monotonic() < until:
            await asyncio.sleep(0.1)
        end()


@cache
def server_sessions() -> Sessions:
    """The one of this server process."""
    return Sessions()
