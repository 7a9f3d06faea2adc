"""The model's process on this machine."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from loky import ProcessPoolExecutor


class LocalWorker(ProcessPoolExecutor):
    """loky's executor, which also tells what its process takes."""

    _before = 0.0

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        future = super().submit(function, *arguments)
        self._before = self._seconds()
        return future

    def processor_seconds(self) -> float:
        """Time that the process had since it was last asked; 0 where the system does not tell."""
        return self._seconds() - self._before

    def _seconds(self) -> float:
        try:
            (process,) = self._processes
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        except (AttributeError, ValueError, OSError):
            return 0.0

    def memory(self) -> int:
        """Bytes of its resident memory; 0 where the system does not tell."""
        try:
            (process,) = self._processes
            pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
            return pages * os.sysconf("SC_PAGE_SIZE")
        except (AttributeError, ValueError, OSError):
            return 0
