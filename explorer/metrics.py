"""Metrics for an operator's Prometheus; without its key nothing is counted, nor imported for it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from explorer import client
from explorer.sessions import server_sessions
from vitcore.training import runs

if TYPE_CHECKING:
    from prometheus_client.core import GaugeMetricFamily

KEY = "VITEXPLORER_METRICS_KEY"  # environment variable
_SECONDS = (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)  # buckets of script runs
_WORKER_STATES = ("starting", "ready", "ended", "failed")
_RUN_STATES = ("waiting", "running", "finished", "stopped", "failed", "interrupted", "damaged")


def key() -> str:
    """What who asks for metrics must know; "" where there are none."""
    return os.environ.get(KEY, "")


def prepare() -> None:
    """Import what counting needs, before the first page does."""
    if key():
        _metrics()


def ran(page: str, seconds: float) -> None:
    """A page's script has run for so long."""
    if key():
        _metrics().runs.labels(page).observe(seconds)


def refused() -> None:
    """An upload could not be shown."""
    if key():
        _metrics().refused.inc()


def text() -> bytes:
    """All of them, in Prometheus' text format."""
    from prometheus_client import generate_latest

    return generate_latest(_metrics().registry)


@cache
def _metrics() -> _Metrics:
    return _Metrics()


class _Metrics:
    """What is counted, and what is looked up when somebody asks, so that no page pays for it."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector

        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.registry.register(self)
        self.runs = Histogram(
            "vitexplorer_script_run_duration_seconds",
            "Time that a script run of a page took.",
            ["page"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.refused = Counter(
            "vitexplorer_uploads_refused", "Uploads that were not shown.", registry=self.registry
        )

    def collect(self) -> Iterator[GaugeMetricFamily]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        worker = client.worker_status()
        for name, about, value in (
            ("sessions", "Sessions that are open.", server_sessions().open),
            ("worker_requests_waiting", "Requests before the model process.", worker.waiting),
            ("worker_resident_memory_bytes", "Of the model process; 0: none.", worker.memory),
        ):
            yield GaugeMetricFamily(f"vitexplorer_{name}", about, value)
        for name, about, states, there in (
            ("worker_state", "State of the model process.", _WORKER_STATES, [worker.state]),
            ("runs", "Training runs of VITCORE_HOME.", _RUN_STATES, _runs()),
        ):
            family = GaugeMetricFamily(f"vitexplorer_{name}", about, labels=["state"])
            count = Counter(there)
            for state in states:
                family.add_metric([state], count[state])
            yield family
        about = "Unexpected errors, of pages and of the model process."
        yield CounterMetricFamily("vitexplorer_errors", about, client.unexpected_errors())


def _runs() -> list[str]:
    from explorer.runs import jobs  # to open it would be to go on with a queue that was left

    opened = jobs.server_jobs.cache_info().currsize
    waiting = jobs.server_jobs().queue() if opened else ()
    return [run.state for run in runs.list_runs()] + ["waiting"] * len(waiting)
