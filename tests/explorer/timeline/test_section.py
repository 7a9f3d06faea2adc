"""A film is gathered moment by moment, nothing twice, and says what it cannot show."""

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from explorer.client import session
from explorer.client.snapshot_metrics import Looked, Weights
from explorer.client.snapshots import history
from explorer.client.tasks import snapshot_tasks
from explorer.results import Failure, Pending, Ready
from explorer.timeline import section
from explorer.timeline.findings import finding, unfamiliar
from explorer.timeline.section import Gatherer
from tests.explorer.small_trainings import break_weights, write_end, write_run, write_shipped
from tests.vitcore.small_models import random_weights, small_config
from vitcore.training import snapshots

WAITING = Pending("Starting the model.", "Meanwhile.")


class Worker:
    """Answers so many questions, then lets everybody wait."""

    def __init__(self):
        self.patience, self.asked, self.wanted = 100, [], 0
        self.trouble = None

    def ask(self, task, session, *, slot, patience, notify):
        assert task.function is snapshot_tasks.looked
        assert task.background
        assert not notify
        folder, _, _, patch_size, seed = task.arguments
        assert task.key[-2:] == (patch_size, seed)
        self.wanted += 1
        if self.trouble:
            return self.trouble
        if len(self.asked) >= self.patience:
            return WAITING
        self.asked.append((Path(folder).name, patch_size, seed))
        return Ready(looked(patch_size, shift=len(self.asked)))


def looked(patch_size=4, *, shift=0):
    count = (32 // patch_size) ** 2
    rng = np.random.default_rng(shift)
    return Looked(
        maps=rng.dirichlet(np.ones(count), size=(2, 2)).astype(np.float32),
        distance=rng.uniform(5, 15, (2, 2)).astype(np.float32),
        probabilities=rng.dirichlet(np.ones(10)).astype(np.float32),
    )


@pytest.fixture
def ask(monkeypatch):
    worker = Worker()
    monkeypatch.setattr(session, "_dispatcher", lambda: worker)
    monkeypatch.setattr(session, "_session", object)
    monkeypatch.setattr(section, "_PATIENCE", 60.0)
    return worker


@pytest.fixture
def run(tmp_path):
    return write_run(tmp_path / "run")


def test_last_and_first_moment_come_before_those_between(ask, run, select):
    gatherer = Gatherer(history(run), select(4))
    gatherer.gather()
    assert [name for name, *_ in ask.asked] == ["run", "0000000", "0000005", "0000020"]
    assert gatherer.film().complete


def test_what_is_known_is_not_asked_for_again(ask, run, select):
    ask.patience = 1
    gatherer = Gatherer(history(run), select(4))
    gatherer.gather()
    film = gatherer.film()
    assert [part is not None for part in film.looks] == [False, False, False, True]
    assert film.waiting == "Starting the model."
    assert not film.complete
    ask.patience = 100
    gatherer.gather()
    gatherer.gather()
    assert len(ask.asked) == 4
    assert (gatherer.film().complete, gatherer.film().waiting) == (True, "")


def test_only_a_few_moments_are_asked_for_at_once(ask, tmp_path, select):
    ask.patience = 0
    past = history(write_run(tmp_path / "long", kept=tuple(range(24))))
    Gatherer(past, select(4)).gather()
    assert ask.wanted == 8


def test_weights_are_read_a_few_at_a_time_in_order(ask, run, select, monkeypatch):
    monkeypatch.setattr(section, "_PATIENCE", 0.0)
    monkeypatch.setattr(section.time, "monotonic", iter(np.arange(0, 1e6, 1.0)).__next__)
    gatherer = Gatherer(history(run), select(4))
    gatherer.gather()
    assert gatherer.film().weights == [None] * 4
    monkeypatch.setattr(section, "_PATIENCE", 2.5)
    gatherer.gather()
    known = [part is not None for part in gatherer.film().weights]
    assert known == [True, True, False, False]


def test_another_image_keeps_what_was_read_of_the_weights(ask, run, select, image):
    first = Gatherer(history(run), select(4))
    first.gather()
    other = dataclasses.replace(image, key="another")
    second = Gatherer(history(run), select(4, image=other))
    assert second.film().weights == first.film().weights
    assert second.film().looks == [None] * 4
    assert Gatherer(history(run), select(8)).film().weights == [None] * 4


def test_payload_is_made_again_only_when_something_came(ask, run, select):
    ask.patience = 2
    gatherer = Gatherer(history(run), select(4))
    gatherer.gather()
    data = gatherer.packed(gatherer.film())
    gatherer.gather()
    assert gatherer.packed(gatherer.film()) is data
    ask.patience = 100
    gatherer.gather()
    assert gatherer.packed(gatherer.film()) != data


def test_film_of_a_living_run_grows(ask, tmp_path, select):
    folder = write_run(tmp_path / "run", end=None)
    gatherer = Gatherer(history(folder), select(4))
    gatherer.gather()
    snapshots.write(folder, 27, small_config(), random_weights(small_config(), 3))
    gatherer.gather()
    assert [moment.step for moment in gatherer.film().history.moments] == [0, 5, 20, 27]
    assert len(ask.asked) == 4
    assert not gatherer.run_has_ended()
    write_end(folder)
    assert not gatherer.run_has_ended()
    gatherer._watched -= 60
    assert gatherer.run_has_ended()


def test_moment_of_weights_that_are_no_numbers_says_so(ask, run, select):
    break_weights(snapshots.folder_at(run, 5))
    gatherer = Gatherer(history(run), select(4))
    gatherer.gather()
    film = gatherer.film()
    assert film.complete
    for parts in (film.weights, film.looks):
        assert isinstance(parts[1], Failure)
        assert "step 5" in parts[1].message
    assert isinstance(film.weights[2], Weights)
    assert "0000005" not in [name for name, *_ in ask.asked]


def test_trouble_that_passes_is_shown_and_forgotten(ask, run, select):
    gatherer = Gatherer(history(run), select(4))
    ask.trouble = Failure("The model's process ended without an answer.", "It has been restarted.")
    gatherer.gather()
    film = gatherer.film()
    assert film.looks == [ask.trouble] * 4
    data = gatherer.packed(film)
    ask.trouble = None
    gatherer.gather()
    assert all(isinstance(look, Looked) for look in gatherer.film().looks)
    assert gatherer.packed(gatherer.film()) != data


@pytest.mark.parametrize(
    ("ending", "steps"), [({}, 40), ({"failed": True}, 40), ({"best_at": 20}, 20)]
)
def test_finding_is_the_correlation_at_the_start_and_at_the_end(
    ask, tmp_path, select, ending, steps
):
    past = dataclasses.replace(history(write_run(tmp_path / "run")), **ending)
    gatherer = Gatherer(past, select(4))
    gatherer.gather()
    film = gatherer.film()
    values = {0: 0.5, steps: 0.7}
    weights = [
        dataclasses.replace(part, closeness=values.get(moment.step, 0.1))
        for moment, part in zip(past.moments, film.weights, strict=True)
    ]
    said = finding(dataclasses.replace(film, weights=weights))
    assert re.findall(r"\d+(?:\.\d+)?", said) == ["0.50", "0.70", str(steps)]


@pytest.mark.parametrize(
    ("data", "source", "trained_on"),
    [
        ("sketch10", "cifar10", "sketch10"),
        ("sketch10", "upload", "sketch10"),
        ("cifar10", "sketch10", "CIFAR-10"),
        ("sketch10", "sketch10", ""),
        ("cifar10", "camera", ""),
        ("both", "sketch10", ""),
        ("", "sketch10", ""),
    ],
)
def test_an_image_that_is_out_of_distribution_is_said_to_be(data, source, trained_on):
    said = unfamiliar(data, source)
    assert (trained_on in said) if trained_on else said == ""


def test_an_image_of_the_training_data_is_offered(ask, show, tmp_path, select):
    folder = str(write_run(tmp_path / "run"))
    page = show(folder)
    image = dataclasses.replace(page.session_state["selection"].image, source="cifar10")
    page.session_state["selection"] = select(4, image=image)
    page.run()
    assert any(unfamiliar("sketch10", "cifar10") in text.value for text in page.markdown)
    page.button(key="replay_familiar").click().run()
    assert page.session_state["image_source"] == "sketch10"


def test_finding_without_learned_positions_is_the_attention_distance(ask, tmp_path, select):
    folder = write_run(tmp_path / "run", config=small_config(positions="none"), end=None)
    gatherer = Gatherer(history(folder), select(4))
    assert finding(gatherer.film()) == ""
    gatherer.gather()
    film = gatherer.film()
    ends = [f"{film.looks[at].distance.mean():.1f}" for at in (0, -1)]
    assert re.findall(r"\d+\.\d", finding(film)) == ends


def script(folder, key="replay"):
    import streamlit as st

    from explorer.timeline import section

    st.title("Film")
    section.section(folder, key=key)


@pytest.fixture
def show(select):
    def show(model):
        page = AppTest.from_function(script, args=(model,), default_timeout=20)
        page.session_state["selection"] = select(4)
        page.session_state["patch_size"] = 4
        return page.run()

    return show


def words_of(page):
    assert not page.exception
    return " ".join(element.value for element in page.get("html")) if page.get("html") else ""


@pytest.mark.parametrize("write", [write_run, write_shipped])
def test_section_shows_the_film(ask, show, tmp_path, write, unpack):
    page = show(str(write(tmp_path / "model")))
    assert not page.exception
    assert 'class="finding"' in words_of(page)
    header, _ = unpack(page.get("bidi_component")[0].proto.bytes)
    assert header["steps"] == [0, 5, 20, 40]
    assert header["looks"] == [1, 1, 1, 1]


def test_section_says_what_is_missing(ask, show, tmp_path):
    assert "figure-state empty" in words_of(
        show(str(write_run(tmp_path / "a", kept=(), end="failed", at=0)))
    )
    assert "figure-state loading" in words_of(
        show(str(write_run(tmp_path / "b", kept=(), end=None)))
    )
    assert "figure-state error" in words_of(show("nobody"))
