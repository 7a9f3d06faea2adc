"""Values given to widgets, against messages that still carry the old ones."""

from streamlit.testing.v1 import AppTest

from explorer.training_ui import widget_sync

PAGE = """
import streamlit as st
from explorer.training_ui import widget_sync

widget_sync.hold()
st.number_input("Epochs", value=5.0, key="epochs")
st.button("Put", key="put", on_click=widget_sync.put, args=("epochs", 2.0))
st.markdown("undone" if widget_sync.undone() else "kept")
"""


def shown():
    return AppTest.from_string(PAGE).run()


def test_a_message_with_the_old_value_does_not_bring_it_back():
    page = shown()
    page.button(key="put").click().run()
    assert page.number_input(key="epochs").value == 2.0
    page.number_input(key="epochs").set_value(5.0).run()  # what the browser still believed
    assert page.number_input(key="epochs").value == 2.0
    assert page.markdown[0].value == "kept"


def test_another_value_is_a_persons_own():
    page = shown()
    page.button(key="put").click().run()
    page.number_input(key="epochs").set_value(7.0).run()
    assert page.number_input(key="epochs").value == 7.0


def test_later_the_old_value_may_be_chosen_again(monkeypatch):
    monkeypatch.setattr(widget_sync, "_SECONDS", 0.0)
    page = shown()
    page.button(key="put").click().run()
    page.number_input(key="epochs").set_value(5.0).run()
    assert page.number_input(key="epochs").value == 5.0
