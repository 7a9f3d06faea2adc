"""The event log: whole lines in, whole lines out, whatever happens in between."""

import json
import threading

import numpy as np
import pytest

from vitcore.training.events import BEGINNING, EventLog, Place, go_on, parse, read, truncate_after


def kinds(events):
    return [event["event"] for event in events]


def test_what_is_written_is_read(tmp_path):
    log = EventLog(tmp_path)
    log("start", steps=10)
    log("step", step=1, loss=2.5)
    events, _ = read(tmp_path)
    assert kinds(events) == ["start", "step"]
    assert events[0]["steps"] == 10
    assert events[1]["loss"] == 2.5
    assert events[1]["time"] >= events[0]["time"]


def test_a_given_time_is_kept(tmp_path):
    EventLog(tmp_path)("start", time=5.0)
    assert read(tmp_path)[0][0]["time"] == 5.0


def test_folder_and_file_are_the_same_log(tmp_path):
    EventLog(tmp_path)("start")
    assert read(tmp_path) == read(tmp_path / "events.jsonl")


def test_no_file_is_no_events(tmp_path):
    assert read(tmp_path / "events.jsonl") == ([], BEGINNING)


def test_reading_goes_on_where_it_stopped(tmp_path):
    log = EventLog(tmp_path)
    log("start")
    _, place = read(tmp_path)
    log("step", step=1)
    events, place = read(tmp_path, place)
    assert kinds(events) == ["step"]
    assert not place.anew
    assert read(tmp_path, place) == ([], place)


def test_a_line_being_written_waits_for_its_end(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"event": "start"}\n{"event": "st')
    events, place = read(path)
    assert kinds(events) == ["start"]
    with open(path, "ab") as file:
        file.write(b'ep", "step": 1}\n')
    assert kinds(read(path, place)[0]) == ["step"]


def test_lines_that_are_no_event_are_passed_over(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"event": "start"}\n\xff\xfe{{\n[1]\n{"no": 1}\n\n{"event": "end"}\n')
    assert kinds(read(path)[0]) == ["start", "end"]


@pytest.mark.parametrize("more", [0, 9])
def test_a_log_cut_back_is_read_anew_however_long_it_is_by_then(tmp_path, more):
    log = EventLog(tmp_path)
    for step in range(5):
        log("step", step=step)
    log.close()
    _, place = read(tmp_path)
    go_on(tmp_path)
    truncate_after(tmp_path, 1)  # after two moves the file may have its first number again
    log = EventLog(tmp_path)
    for step in range(more):
        log("step", step=step)
    log.close()
    events, place = read(tmp_path, place)
    assert [event["step"] for event in events] == [0, 1, *range(more)]
    assert place.anew


def test_a_log_that_lost_nothing_is_read_on(tmp_path):
    log = EventLog(tmp_path)
    log("step", step=1)
    log.close()
    _, place = read(tmp_path)
    go_on(tmp_path)
    EventLog(tmp_path)("step", step=2)
    events, place = read(tmp_path, place)
    assert [event["step"] for event in events] == [2]
    assert not place.anew


def test_a_new_log_starts_behind_a_torn_line(tmp_path):
    (tmp_path / "events.jsonl").write_bytes(b'{"event": "start"}\n{"event": "st')
    EventLog(tmp_path)("end", state="finished")
    assert kinds(read(tmp_path)[0]) == ["start", "end"]


def test_numbers_json_cannot_say_become_null(tmp_path):
    EventLog(tmp_path)("step", step=np.int64(3), loss=np.float32("nan"), accuracy=float("inf"))
    text = (tmp_path / "events.jsonl").read_text()

    def refuse(word):
        raise AssertionError(word)

    event = json.loads(text, parse_constant=refuse)
    assert (event["step"], event["loss"], event["accuracy"]) == (3, None, None)


def test_many_writers_never_tear_a_line(tmp_path):
    def write(worker):
        log = EventLog(tmp_path)
        for step in range(200):
            log("step", step=step, worker=worker, padding="x" * 500)
        log.close()

    threads = [threading.Thread(target=write, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    events, _ = read(tmp_path)
    assert len(events) == 800
    for worker in range(4):
        assert [e["step"] for e in events if e["worker"] == worker] == list(range(200))


def test_cutting_back_keeps_up_to_the_checkpoint_and_forgets_the_end(tmp_path):
    log = EventLog(tmp_path)
    log("start", steps=9)
    for step in (1, 2, 3):
        log("step", step=step)
    log("end", state="stopped", step=2)
    log.close()
    truncate_after(tmp_path, 2)
    events, _ = read(tmp_path)
    assert [(e["event"], e.get("step")) for e in events] == [
        ("start", None),
        ("step", 1),
        ("step", 2),
    ]


def test_cutting_back_stops_at_the_first_torn_line(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"event": "start"}\n{"event": "st\n{"event": "step", "step": 1}\n')
    truncate_after(path, 5)
    assert kinds(read(path)[0]) == ["start"]


def test_cutting_back_nothing_is_no_error(tmp_path):
    truncate_after(tmp_path, 5)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "value", ['"abc"', "[1]", "{}", "true", "null", "NaN", "-Infinity", "1e400", "1" + 400 * "0"]
)
def test_what_should_be_a_number_is_one_or_none(value):
    for name in ("step", "steps", "epoch", "loss", "accuracy", "time", "patch_size"):
        assert parse(f'{{"event": "step", "{name}": {value}}}'.encode())[name] is None


def test_a_line_nested_deep_is_no_event():
    assert parse(b'{"event": ' + b"[" * 200_000) is None


@pytest.mark.parametrize("state", ['"flown"', "[]", "null", "1"])
def test_an_end_that_is_not_known_is_a_failure(state):
    event = parse(f'{{"event": "end", "state": {state}}}'.encode())
    assert event["state"] == "failed"
    assert event["reason"]


def test_a_reason_is_text():
    assert parse(b'{"event": "end", "state": "failed", "reason": [1]}')["reason"] == ""


def test_cutting_back_survives_odd_steps(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"event": "step", "step": "abc"}\n{"event": "step", "step": 9}\n')
    truncate_after(path, 5)
    assert [event["step"] for event in read(path)[0]] == [None]


def test_a_folder_in_place_of_the_log_holds_no_events(tmp_path):
    (tmp_path / "events.jsonl").mkdir()
    assert read(tmp_path, Place(7)) == ([], Place(7, anew=False))
