"""What earlier runs tell about the next one, from logs written by hand."""

import pytest

from explorer.runs.run_speeds import epochs_in, forecast
from vitcore.config import TrainConfig
from vitcore.training.events import EventLog
from vitcore.training.runs import Run

CONFIG = TrainConfig(data="sketch10", epochs=1.0, batch_size=100)  # 100 steps


def ran(folder, config=CONFIG, *, seconds=0.5, state="finished", accuracy=0.5, pause=0.0):
    """A run that took `seconds` for each step, and waited once."""
    folder.mkdir()
    log, now = EventLog(folder), 1000.0
    log("start", time=now, steps=10)
    for step in range(1, 11):
        now += seconds
        log("step", time=now, step=step)
        if step == 5 and pause:
            log("paused", time=now, step=step)
            now += pause
            log("resumed", time=now, step=step)
    log.close()
    validation = {"accuracy": accuracy}
    return Run(folder=folder, name=folder.name, state=state, config=config, validation=validation)


def test_the_time_is_that_of_the_newest_run_of_this_model(tmp_path):
    runs = [ran(tmp_path / "new", seconds=0.25), ran(tmp_path / "old", seconds=9.0)]
    found = forecast(CONFIG, runs)
    assert (found.seconds, found.measured_in) == (pytest.approx(25.0), "new")
    assert epochs_in(30.0, CONFIG, runs) == 1.2


def test_waiting_does_not_count(tmp_path):
    assert forecast(CONFIG, [ran(tmp_path / "a", pause=500.0)]).seconds == pytest.approx(50.0)


@pytest.mark.parametrize(
    "changes", [{"preset": "flexi"}, {"precision": "bfloat16"}, {"batch_size": 50}]
)
def test_a_run_whose_steps_are_others_says_nothing(tmp_path, changes):
    assert not forecast(CONFIG, [ran(tmp_path / "a", CONFIG.replace(**changes))]).measured_in


def test_what_is_reached_is_what_runs_of_this_length_reached(tmp_path):
    runs = [
        ran(tmp_path / "other-seed", CONFIG.replace(seed=4), accuracy=0.6),
        ran(tmp_path / "a-little-longer", CONFIG.replace(epochs=1.2), accuracy=0.7),
        ran(tmp_path / "far-longer", CONFIG.replace(epochs=2.0), accuracy=0.9),
        ran(tmp_path / "other-rate", CONFIG.replace(learning_rate=0.1), accuracy=0.1),
        ran(tmp_path / "stopped", state="stopped", accuracy=0.2),
    ]
    assert forecast(CONFIG, runs).reached == (0.6, 0.7)


def test_without_a_run_it_is_a_guess():
    found = forecast(CONFIG, [])
    assert found.seconds > 0
    assert (found.measured_in, found.reached) == ("", ())


def test_a_damaged_run_or_log_says_nothing(tmp_path):
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / "events.jsonl").write_bytes(b'\xff{"event": "step"}\n{"event": "step", "step": 3}\n')
    runs = [
        Run(folder=folder, name="odd", state="interrupted", config=CONFIG),
        Run(folder=tmp_path / "gone", name="gone", state="damaged"),
        Run(folder=tmp_path / "empty", name="empty", state="stopped", config=CONFIG),
    ]
    assert not forecast(CONFIG, runs).measured_in
