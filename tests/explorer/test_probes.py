"""What Prometheus is told, and who may ask; read by the parser that comes with its client."""

import json
import os
from types import SimpleNamespace

import pytest
from starlette.requests import Request

from explorer import client, metrics, probes, sidebar
from explorer.client.dispatcher import WorkerStatus
from explorer.runs import jobs
from explorer.sessions import server_sessions
from vitcore.config import TrainConfig
from vitcore.datasets.image_files import decode_file
from vitcore.training import runs
from vitcore.training.events import EventLog


def ask(said=""):
    headers = [(b"authorization", said.encode())] if said else []
    return probes.scrape(Request({"type": "http", "headers": headers}))


def answered(coroutine):
    """What a coroutine that waits for nothing returns; another test's event loop may be running."""
    with pytest.raises(StopIteration) as ended:
        coroutine.send(None)
    return ended.value.value


@pytest.fixture
def told(monkeypatch):
    """All samples, by name and labels."""
    parser = pytest.importorskip("prometheus_client.parser")
    monkeypatch.setenv(metrics.KEY, "key")

    def told():
        families = parser.text_string_to_metric_families(ask("Bearer key").body.decode())
        samples = [sample for family in families for sample in family.samples]
        return {(one.name, *one.labels.values()): one.value for one in samples}

    return told


@pytest.mark.parametrize(
    ("key", "said", "status"),
    [
        ("", "", 404),
        ("", "Bearer ", 404),
        ("key", "", 401),
        ("key", "Bearer ke", 401),
        ("key", "key", 401),
        ("key", "Bearer ké", 401),
        ("key", "Bearer key", 200),
    ],
)
def test_metrics_are_for_who_holds_the_key(monkeypatch, key, said, status):
    monkeypatch.setenv(metrics.KEY, key)
    monkeypatch.setattr(metrics, "text", lambda: b"vitexplorer")
    answer = ask(said)
    assert answer.status_code == status
    assert (answer.body == b"vitexplorer") == (status == 200)


def test_what_is_there_now_is_told(told, monkeypatch, tmp_path):
    monkeypatch.setenv("VITCORE_HOME", str(tmp_path))
    for name, end in (("calm-heron", ""), ("keen-lark", "failed"), ("wise-wren", "failed")):
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        runs.write_description(folder, TrainConfig(data="sketch10"), pid=os.getpid())
        log = EventLog(folder)
        log("start", steps=10, steps_per_epoch=5)
        if end:
            log("end", state=end, step=10)
        log.close()
    monkeypatch.setattr(client, "worker_status", lambda: WorkerStatus("starting", 3, 5_000_000))
    before = jobs.server_jobs.cache_info().currsize
    with server_sessions().one(), server_sessions().one():
        now = told()
    assert now["vitexplorer_sessions",] == 2
    assert told()["vitexplorer_sessions",] == 0
    assert now["vitexplorer_worker_requests_waiting",] == 3
    assert now["vitexplorer_worker_resident_memory_bytes",] == 5_000_000
    states = {labels[1]: now[labels] for labels in now if labels[0] == "vitexplorer_runs"}
    assert {name: count for name, count in states.items() if count} == {"running": 1, "failed": 2}
    worker = {labels[1]: now[labels] for labels in now if labels[0] == "vitexplorer_worker_state"}
    assert worker == {"starting": 1, "ready": 0, "ended": 0, "failed": 0}
    assert jobs.server_jobs.cache_info().currsize == before  # a queue that was left stays so
    assert now["process_resident_memory_bytes",] > 0


def test_what_happens_is_counted(told, monkeypatch):
    monkeypatch.setattr(sidebar, "decoders", lambda: SimpleNamespace(decode=decode_file))
    metrics.ran("patches", 0.2)
    before = told()
    for _ in range(2):  # logged once, and met twice
        client.unexpected(RuntimeError("the same"))
    assert sidebar._decode(b"no image", "upload", {})
    metrics.ran("patches", 0.3)
    now = told()
    runs = "vitexplorer_script_run_duration_seconds"
    assert now[f"{runs}_count", "patches"] - before[f"{runs}_count", "patches"] == 1
    passed = now[f"{runs}_sum", "patches"] - before[f"{runs}_sum", "patches"]
    assert passed == pytest.approx(0.3)
    for limit, count in (("0.25", 0), ("0.5", 1)):
        bucket = f"{runs}_bucket", limit, "patches"
        assert now[bucket] - before[bucket] == count
    assert now["vitexplorer_errors_total",] - before["vitexplorer_errors_total",] == 2
    refused = "vitexplorer_uploads_refused_total"
    assert now[refused,] - before[refused,] == 1


@pytest.mark.parametrize(
    ("worker", "ending", "status"),
    [
        ("starting", False, 200),
        ("ready", False, 200),
        ("ended", False, 200),  # it can be started again
        ("failed", False, 503),
        ("ready", True, 503),
    ],
)
def test_a_probe_is_sent_elsewhere_where_nobody_can_be_served(monkeypatch, worker, ending, status):
    monkeypatch.setattr(client, "worker_status", lambda: WorkerStatus(worker, 0, 0))
    monkeypatch.setattr(server_sessions(), "ending", ending)
    answer = answered(probes.health(None))
    assert answer.status_code == status
    assert json.loads(answer.body)["worker"] == worker
