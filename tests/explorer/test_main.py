"""The frame of every page: errors as sentences, a poller only while something waits."""

import re
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from explorer import client, navigation
from explorer.client import session as client_session
from explorer.data import cifar10_setup
from explorer.results import Pending
from explorer.selection import ModelRef, selected
from vitcore.config import PRESETS

MAIN = Path(__file__).parents[2] / "explorer" / "main.py"


class NoData:
    found = ready = busy = can_fetch = False
    sentence = "CIFAR-10 not found."

    def prepare(self):
        pass


@pytest.fixture
def open_page(monkeypatch):
    """Open the app on one page that is a function."""
    monkeypatch.setattr(cifar10_setup, "cifar10", NoData)
    monkeypatch.setattr(client, "model_names", lambda: ["first"])

    def open_page(page, **query):
        monkeypatch.setattr(navigation, "pages", lambda: [st.Page(page, title="A", default=True)])
        app = AppTest.from_file(MAIN, default_timeout=10)
        for name, value in query.items():
            app.query_params[name] = value
        return app.run()

    return open_page


@pytest.fixture
def session(monkeypatch):
    """Sessions whose wishes nobody serves."""

    class Idle:
        def begin(self, session, *, allowance):
            session.waiting.clear()

        def end(self, session):
            return len(session.waiting)

        def settled(self, session):
            return False

        def ask(self, task, session, **_):
            session.waiting.add(task.key)
            return Pending("Reading.", "Meanwhile.")

    monkeypatch.setattr(client_session, "_dispatcher", Idle)


def html(app):
    return " ".join(element.proto.body for element in app.get("html"))


def test_an_unexpected_error_in_a_page_is_a_sentence_and_the_sidebar_stays(open_page, session):
    def broken():
        st.title("Before it broke")
        raise RuntimeError("inner detail")

    app = open_page(broken)
    assert not app.exception
    assert app.title[0].value == "Before it broke"
    assert "Unexpected error (reference E" in html(app)
    assert "inner detail" not in html(app)
    assert app.selectbox(key="image_class").value == "frog"


def test_the_page_is_looked_at_again_only_while_it_waits(open_page, session, monkeypatch, tmp_path):
    looks = []
    monkeypatch.setattr(client, "news", lambda: looks.append(1))
    model = ModelRef("first", tmp_path, (1,), PRESETS["flexi"])
    monkeypatch.setattr(client, "resolve", lambda name: model)

    def waits():
        client.forward(selected())
        st.title("Waits")

    def does_not_wait():
        st.title("Done")

    app = open_page(does_not_wait)
    assert not app.exception
    assert not looks
    app = open_page(waits)
    assert app.title[0].value == "Waits"
    assert looks == [1]


def test_a_switch_of_page_inside_a_page_is_no_error(open_page, session):
    def stops():
        st.title("Stopped")
        st.stop()

    app = open_page(stops)
    assert "Unexpected error" not in html(app)


def test_a_link_of_an_earlier_version_may_name_a_language(open_page, session):
    app = open_page(lambda: None, lang="en", picture_index="3")
    assert "Unexpected error" not in html(app)
    assert app.number_input(key="image_index").value == 3


@pytest.mark.parametrize(("name", "valid"), [("lang", "zh"), ("tour", "vit.1")])
def test_a_language_or_tour_that_there_is_not_is_said(open_page, session, name, valid):
    for word, lines in ((valid, 0), ("klingon.1", 1)):
        app = open_page(lambda: None, image_source="sketch10", **{name: word})
        said = re.findall(r'role="status"><p class="quiet-line">(.*?)</p>', html(app))
        assert len([line for line in said if word in line]) == lines
    assert "tour" not in app.query_params


@pytest.mark.parametrize(("wrong", "counted"), [(1, None), (4, None), (5, 1), (7, 3)])
def test_each_invalid_value_of_a_link_has_a_line_of_its_own(wrong, counted):
    def page(wrong):
        from explorer import components

        components.notices([f"Unknown <{number}>." for number in range(wrong)])

    app = AppTest.from_function(page, args=(wrong,)).run()
    lines = re.findall(r'<p class="quiet-line">(.*?)</p>', html(app))
    assert lines[:4] == [f"Unknown &lt;{number}&gt;." for number in range(min(wrong, 4))]
    assert [int(number) for line in lines[4:] for number in re.findall(r"\d+", line)] == (
        [] if counted is None else [counted]
    )


def test_without_an_invalid_value_there_is_no_line():
    def page():
        from explorer import components

        components.notices([])

    assert not AppTest.from_function(page).run().get("html")
