"""Other machines that compute: a dask.distributed cluster, where the operator names one."""

from __future__ import annotations

import os
import random
import socket
from importlib.util import find_spec
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from explorer.text.language import N_, tr

if TYPE_CHECKING:
    from distributed import Client

ADDRESS = "VITEXPLORER_CLUSTER"  # environment variable; the scheduler's, as tcp://host:8786
_PORT = 8786  # dask's own, where the address names none
_ANSWERS = 5.0  # seconds in which a scheduler answers
_STARTS = 30.0  # seconds in which a worker that was lost is there again


class ClusterError(ConnectionError):
    """The cluster cannot be used; its words are in the language of the page, as far as one asks."""

    def __init__(self, message: str) -> None:
        self.message, self.values = message, {"address": address()}
        super().__init__(message.format(**self.values))

    def __str__(self) -> str:
        return tr(self.message, **self.values)


def address() -> str:
    """The scheduler's, or "" where this machine computes by itself."""
    return os.environ.get(ADDRESS, "").strip()


def check() -> None:
    """See that a scheduler listens, within seconds.

    Raises:
        ClusterError: if it does not, or dask.distributed is not installed.
    """
    if find_spec("distributed") is None:
        raise ClusterError(N_("A cluster needs dask.distributed. Run: pip install distributed"))
    try:
        named = urlsplit(address())
        place = named.hostname or "", named.port or _PORT
        socket.create_connection(place, timeout=_ANSWERS).close()
    except (OSError, ValueError):
        raise _unreachable() from None


def connect() -> Client:
    """A connection to the cluster, which has a worker.

    Raises:
        ClusterError: if there is none.
    """
    check()
    from distributed import Client

    try:
        client = Client(address(), timeout=_ANSWERS, set_as_default=False)
    except (OSError, ValueError):
        raise _unreachable() from None
    try:
        client.wait_for_workers(1, timeout=_STARTS)
    except TimeoutError:
        client.close()
        raise ClusterError(N_("The cluster at {address} has no workers.")) from None
    return client


def least_busy(client: Client) -> str:
    """The address of a worker with fewest tasks, trainings included; one of several at random."""
    tasks = {worker: len(keys) for worker, keys in client.processing().items()}
    least = min(tasks.values())
    return random.choice([worker for worker, count in tasks.items() if count == least])


def _unreachable() -> ClusterError:
    return ClusterError(N_("The cluster at {address} could not be reached."))
