"""What a browser sends for a widget is read where the widget can have it; else its default is."""

import logging

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.state.common import WidgetMetadata
from streamlit.runtime.state.session_state import WStates
from streamlit.runtime.uploaded_file_manager import UploadedFileRec
from streamlit.testing.v1 import AppTest

from explorer import untrusted


@pytest.fixture
def read(monkeypatch):
    """Read what is sent for a widget whose default is 3."""
    monkeypatch.setattr(WStates, "__getitem__", untrusted._read_or_default)
    untrusted._note.cache_clear()

    def read(value_type, options=None, **sent):
        states = WStates()

        def deserialized(value):
            return 3 if value is None else int(value) if value_type == "double_value" else value

        known = WidgetMetadata("w", deserialized, str, value_type, formatted_options=options)
        states.set_widget_metadata(known)
        states.set_widget_from_proto(WidgetState(id="w", **sent))
        assert states["w"] == states["w"]
        return states["w"]

    return read


@pytest.mark.parametrize(
    ("value_type", "sent", "value"),
    [
        ("double_value", {"double_value": 17.0}, 17),
        ("double_value", {"int_value": 17}, 17),  # as a number box does with whole numbers
        ("string_value", {"string_value": "x"}, "x"),
        ("bool_value", {"bool_value": True}, True),
        ("json_value", {"json_value": '{"a": [1]}'}, {"a": [1]}),
        ("double_value", {"double_value": float("nan")}, 3),
        ("double_value", {"double_value": float("inf")}, 3),
        ("double_value", {"string_value": "17"}, 3),
        ("string_value", {"json_value": "[1, 2]"}, 3),
        ("json_value", {"json_value": "no JSON"}, 3),
        ("json_value", {"json_value": "[" * 100_000}, 3),
        ("json_value", {"string_value": "x"}, 3),
        ("string_value", {}, 3),
    ],
)
def test_a_value_of_another_type_is_the_default(read, value_type, sent, value):
    assert read(value_type, **sent) == value


def test_an_option_is_one_of_those_that_were_shown(read):
    assert read("string_value", options=["a", "b"], string_value="b") == "b"
    assert read("string_value", options=["a", "b"], string_value="c") == 3


def test_what_is_sent_under_another_name_than_a_widgets_is_ignored(monkeypatch, caplog):
    def script():
        import streamlit as st

        st.checkbox("box", key="box")
        st.text(str(st.session_state.to_dict()))

    monkeypatch.setattr(WStates, "set_widget_from_proto", untrusted._set_or_ignore)
    untrusted._note.cache_clear()
    app = AppTest.from_function(script).run()
    sent = WidgetStates()
    sent.widgets.add(id=app.checkbox[0].proto.id, bool_value=True)
    for name in ("x", "box", "", "$", "$$ID-0-x", "$$STREAMLIT_INTERNAL_KEY_x"):
        sent.widgets.add(id=name, bool_value=False)
    for _ in range(2):
        app._run(sent)
        assert not app.exception
        assert app.text[0].value == "{'box': True}"
    assert [one.name for one in caplog.records].count("explorer.untrusted") == 1


def test_of_the_files_that_a_session_sends_the_last_two_are_kept(monkeypatch):
    monkeypatch.setattr(MemoryUploadedFileManager, "add_file", untrusted._add_and_drop)
    manager = MemoryUploadedFileManager("/upload")

    def sends(session, *names):
        for name in names:
            file = UploadedFileRec(file_id=name, name="a.png", type="image/png", data=bytes(100))
            manager.add_file(session_id=session, file=file)
        return [one.file_id for one in manager.get_files(session, "abcdef")]

    assert sends("anna", "a") == ["a"]
    assert sends("anna", "b", "a") == ["a", "b"]
    assert sends("anna", "c") == ["a", "c"]  # "a" was sent again after "b"
    assert sends("ben", *"abcdef") == ["e", "f"]
    assert [one.file_id for one in manager.get_files("anna", "abcdef")] == ["a", "c"]
    assert manager._total_bytes == 400


def test_each_kind_is_logged_once(read, caplog):
    for number in range(5):
        read("string_value", int_value=number)
        read("double_value", double_value=float("nan"))
    assert len(caplog.records) == 2


def test_of_an_error_that_comes_again_only_the_first_is_let_through():
    once, let_through = untrusted._Once(), []
    for divisor in (0, 0, "x"):
        try:
            1 / divisor
        except (ZeroDivisionError, TypeError) as error:
            info = type(error), error, error.__traceback__
        record = logging.LogRecord("s", logging.ERROR, "f", 1, "said", (), info)
        let_through.append(once.filter(record))
    assert let_through == [True, False, True]


def test_of_lines_from_one_place_only_the_first_is_let_through():
    once = untrusted._Once()
    places = [("f", 1), ("f", 1), ("f", 2), ("g", 1), ("f", 1)]
    records = [
        logging.LogRecord("s", logging.INFO, *place, f"said {number}", (), None)
        for number, place in enumerate(places)
    ]
    assert [once.filter(one) for one in records] == [True, False, True, True, False]
