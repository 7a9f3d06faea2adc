"""The page around every page: settings, navigation, sidebar, and what waits for the model."""

import sys
import time
from pathlib import Path

import streamlit as st

ROOT = str(Path(__file__).resolve().parent.parent)
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

from explorer import client, components, logs, metrics, navigation, pin, state
from explorer.sidebar import sidebar
from explorer.text import language
from explorer.tours import guide, presenting

HERE = Path(__file__).parent

logs.begin_request()
began = time.perf_counter()
st.set_page_config("ViT Explorer", layout="wide", initial_sidebar_state=256)
st.logo((HERE / "logo.svg").read_text("utf-8"), size="large")


def poll() -> None:
    """Run the page again once the model has answered; drawn only while something waits."""
    if client.news():
        st.rerun()


language.follow(state.language)
page = st.navigation(navigation.pages(), position="top")
here = navigation.name_of(page.url_path)
guide.open_page(here)
# The only global CSS: measures that no theme option reaches, and the name of the menu.
css = (HERE / "page.css").read_text("utf-8").replace("'Menu'", f"'{language.tr('Menu')}'")
st.html(f"<style>{css}</style>")
state.keep_language()  # a field that the style hides
client.begin_run()
presenting.enter()
try:
    guide.follow_link()
    guide.enter(here)
    components.notices(sidebar(here))
    if presenting.on():
        components.leave_presenting(key="leave_presenting")
    if rules := presenting.css(guide.figure(here) if presenting.on() else ""):
        st.html(f"<style>{rules}</style>")
    pin.draw(here)
    guide.draw(here)
    page.run()
except Exception as error:
    components.placeholder(client.unexpected(error))
finally:
    look_again = client.end_run()
    metrics.ran(here, time.perf_counter() - began)
if look_again:
    st.fragment(poll, run_every=look_again)()
