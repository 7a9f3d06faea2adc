"""The sidebar as a person meets it, and what a link may ask of it; no model behind it."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from explorer import client, navigation, visitors
from explorer.data import cifar10_setup
from explorer.results import Failure
from explorer.runs import rights
from explorer.runs.rights import Visitor
from explorer.selection import ModelRef
from explorer.text.language import ENGLISH, LANGUAGES, catalog
from vitcore.config import ViTConfig
from vitcore.datasets.image_files import LARGEST_FILE, READABLE

MAIN = Path(__file__).parents[2] / "explorer" / "main.py"


class NoCifar10:
    """CIFAR-10 is not on this machine."""

    found = ready = busy = False
    can_fetch = True
    done = None
    sentence = "CIFAR-10 not found."

    def __init__(self):
        self.fetched = 0

    def fetch(self):
        self.fetched += 1

    def prepare(self):
        pass


def _page():
    st.title("A page")


@pytest.fixture
def data(monkeypatch):
    data = NoCifar10()
    monkeypatch.setattr(cifar10_setup, "cifar10", lambda: data)
    return data


@pytest.fixture
def open_app(monkeypatch, data):
    """Open the app on an empty page, with two models that nobody asks anything."""
    monkeypatch.setattr(client, "model_names", lambda: ["first", "second"])
    monkeypatch.setattr(client, "begin_run", lambda: None)
    monkeypatch.setattr(client, "end_run", lambda: 0.0)
    monkeypatch.setattr(navigation, "pages", lambda: [st.Page(_page, title="A", default=True)])

    def open_app(**query):
        app = AppTest.from_file(MAIN, default_timeout=10)
        for name, value in query.items():
            app.query_params[name] = value
        return app.run()

    return open_app


def image(app):
    return app.session_state["selection"].image


def lines(app):
    bodies = (element.proto.body for element in app.get("html"))
    return " ".join(bodies).replace("\u00a0", " ")


def png(colour):
    file = io.BytesIO()
    Image.new("RGB", (40, 40), colour).save(file, "PNG")
    return file.getvalue()


def test_it_opens_on_an_image_of_its_own_at_patch_size_4(open_app):
    app = open_app()
    assert not app.exception
    assert image(app).name == "frog 0"
    assert image(app).source == "sketch10"
    assert image(app).pixels.shape == (32, 32, 3)
    assert image(app).mask.shape == (32, 32)
    assert app.select_slider(key="patch_size").value == 4
    assert app.selectbox(key="model").value == "first"
    assert "quiet-line" not in lines(app).replace(".quiet-line", "")


def test_of_a_value_that_a_link_gives_twice_the_last_one_counts(open_app):
    app = open_app(patch_size=["8", "2"], model=["first", "second"], image_class="frog")
    assert app.select_slider(key="patch_size").value == 2
    assert app.selectbox(key="model").value == "second"
    for name in ("patch_size", "model"):
        assert f"{name} appears twice" in lines(app)
    assert "image_class" not in lines(app)


@pytest.mark.parametrize("index", ["-1", "", "1000", "1e400", "nan", "\u0663"])
def test_an_image_number_must_be_whole_and_in_range(open_app, index):
    app = open_app(image_index=index)
    shown = app.number_input(key="image_index").value
    assert "must be 0–999" in lines(app)
    assert f"Showing {shown}." in lines(app)
    assert image(app).name == f"frog {shown}"


def test_the_line_stays_until_something_else_is_chosen(open_app):
    app = open_app(patch_size="7")
    assert "(got 7)" in lines(app.run())
    app.select_slider(key="patch_size").set_value(8).run()
    assert "(got 7)" not in lines(app)


def test_another_class_keeps_the_number(open_app):
    app = open_app(image_index="7")
    app.selectbox(key="image_class").select("ship").run()
    assert image(app).name == "ship 7"
    app.number_input(key="image_index").set_value(999).run()
    assert image(app).name == "ship 999"
    assert not app.exception


def test_random_image_brings_another_one_and_the_widgets_follow(open_app):
    app = open_app()
    app.button[0].click().run()
    chosen = image(app).name
    label, index = app.selectbox(key="image_class").value, app.number_input[0].value
    assert chosen == f"{label} {index}" != "frog 0"
    assert image(app.run()).name == chosen


def test_an_image_is_known_by_its_pixels(open_app):
    app = open_app()
    key = image(app).key
    app.number_input(key="image_index").set_value(1).run()
    assert image(app).key != key
    app.number_input(key="image_index").set_value(0).run()
    assert image(app).key == key


def test_missing_cifar10_is_said_offered_and_replaced_by_sketches(open_app, data):
    app = open_app(image_source="cifar10")
    assert "CIFAR-10 not found. Showing sketch10." in lines(app)
    assert image(app).source == "sketch10"
    app.button(key="fetch_cifar10").click().run()
    assert data.fetched == 1


def test_cifar10_that_cannot_be_opened_is_named(open_app, data, monkeypatch):
    from explorer.data import images
    from vitcore.datasets import DataError

    def broken():
        raise DataError("test_batch of CIFAR-10 in /there is broken: it ends too early.")

    data.ready = data.found = True
    data.refuse = lambda sentence: setattr(data, "sentence", sentence)
    monkeypatch.setattr(images, "open_cifar10", broken)
    app = open_app()
    assert "it ends too early. Showing sketch10." in lines(app)
    assert image(app).source == "sketch10"


def test_an_uploaded_image_is_shown(open_app):
    app = open_app()
    app.selectbox(key="image_source").select("upload").run()
    assert image(app).name == "frog 0"
    assert "Showing frog 0 until you" in lines(app)
    app.file_uploader(key="image_upload").upload("red.png", png("red"), "image/png").run()
    assert image(app).source == "upload"
    assert image(app).label is None
    assert "32 × 32" in lines(app)
    np.testing.assert_array_equal(image(app).pixels, np.full((32, 32, 3), (255, 0, 0)))


@pytest.mark.parametrize(
    ("size", "box"),
    [
        ((90, 60), "left:16.67%;top:0.00%;width:66.67%;height:100.00%"),
        ((40, 160), "left:0.00%;top:37.50%;width:100.00%;height:25.00%"),
        ((64, 64), "left:0.00%;top:0.00%;width:100.00%;height:100.00%"),
        ((32, 32), None),
        ((16, 16), None),
    ],
)
def test_the_original_shows_what_was_cut_off(open_app, size, box):
    app = open_app()
    app.selectbox(key="image_source").select("upload").run()
    file = io.BytesIO()
    Image.new("RGB", size, "red").save(file, "PNG")
    app.file_uploader(key="image_upload").upload("a.png", file.getvalue(), "image/png").run()
    assert not app.exception
    assert re.findall(r'<i style="(.*?)">', lines(app)) == ([] if box is None else [box])
    assert ("{} × {}".format(*size)) in lines(app)
    assert "ransparent pixels" not in lines(app)


def test_transparent_areas_of_an_upload_are_said_to_be_white(open_app):
    app = open_app()
    app.selectbox(key="image_source").select("upload").run()
    file = io.BytesIO()
    Image.new("RGBA", (40, 40), (255, 0, 0, 0)).save(file, "PNG")
    app.file_uploader(key="image_upload").upload("a.png", file.getvalue(), "image/png").run()
    assert "ransparent pixels" in lines(app)
    np.testing.assert_array_equal(image(app).pixels, np.full((32, 32, 3), 255))


def test_a_bad_file_is_refused_in_one_sentence_and_the_image_stays(open_app):
    app = open_app()
    app.selectbox(key="image_source").select("upload").run()
    app.file_uploader(key="image_upload").upload("red.png", png("red"), "image/png").run()
    app.file_uploader(key="image_upload").set_value(
        [("bad.png", png("red")[:60], "image/png")]
    ).run()
    assert not app.exception
    refused = app.session_state["own_file"][1]
    assert refused.endswith(".")
    assert f'role="alert">{refused} Still showing your image.' in lines(app)
    assert image(app).pixels[0, 0].tolist() == [255, 0, 0]


def test_a_browser_lets_every_image_through_to_be_read_or_refused_here(open_app):
    app = open_app()
    app.selectbox(key="image_source").select("upload").run()
    proto = app.file_uploader(key="image_upload").proto
    assert {"image/*", ".jfif", ".heic"} <= set(proto.type)
    assert proto.max_upload_size_mb * 10**6 == LARGEST_FILE
    tiff = io.BytesIO()
    Image.new("RGB", (40, 40), "red").save(tiff, "TIFF")
    app.file_uploader(key="image_upload").upload("a.tif", tiff.getvalue(), "image/tiff").run()
    assert app.session_state["own_file"][1].startswith("TIFF is not supported.")


def test_the_formats_that_are_offered_are_those_of_a_refusal_in_every_language(open_app):
    app = open_app()
    app.selectbox(key="image_source").select("upload").run()
    assert READABLE in lines(app)
    app.file_uploader(key="image_upload").upload("a.png", b"no image", "image/png").run()
    assert app.session_state["own_file"][1].endswith(READABLE)
    for language in {*LANGUAGES} - {ENGLISH}:
        known = catalog(language)
        assert known[READABLE] in known[f"Not a readable image. {READABLE}"]


def test_where_uploads_are_off_a_teacher_can_upload(open_app, monkeypatch):
    def me():
        return Visitor("anna", operates=bool(st.session_state.get("teacher")))

    monkeypatch.setattr(visitors, "me", me)
    monkeypatch.setenv(rights.OFF, "uploads")
    monkeypatch.setenv(visitors.KEY, "long enough")
    app = open_app(image_source="upload")
    assert any("Select CIFAR-10 or sketch10." in block.proto.body for block in app.get("html"))
    assert not app.file_uploader
    app.text_input(key="sidebar_teacher_key").set_value("long enough").run()
    assert app.file_uploader(key="image_upload")
    said = " ".join(block.proto.body for block in app.get("html"))
    assert "You can change every run until you reload the page." in said


def test_a_link_to_an_upload_opens_the_default_and_says_so(open_app):
    app = open_app(image_source="upload", image_class="ship")
    assert "Showing frog 0." in lines(app)
    assert image(app).name == "frog 0"


def test_an_upload_is_still_there_after_a_look_at_something_else(open_app):
    app = open_app()
    app.selectbox(key="image_source").select("upload").run()
    app.file_uploader(key="image_upload").upload("red.png", png("red"), "image/png").run()
    app.selectbox(key="image_source").select("sketch10").run()
    assert image(app).name == "frog 0"
    app.selectbox(key="image_source").select("upload").run()
    assert image(app).name == "your image"


def test_a_camera_image_is_shown(open_app):
    app = open_app()
    app.selectbox(key="image_source").select("camera").run()
    app.camera_input(key="image_camera").upload("photo.jpg", png("lime"), "image/jpeg").run()
    assert image(app).source == "camera"
    assert image(app).pixels[0, 0].tolist() == [0, 255, 0]


def test_a_model_that_was_deleted_gives_way_to_the_first(open_app, monkeypatch):
    app = open_app(model="second")
    monkeypatch.setattr(client, "model_names", lambda: ["first"])
    app.run()
    assert not app.exception
    assert app.selectbox(key="model").value == "first"


def test_a_damaged_model_is_named_with_what_is_wrong_and_the_way_out(open_app, monkeypatch):
    wrong = "config.json is damaged: it is not JSON."
    monkeypatch.setattr(client, "load_error", lambda name: wrong if name == "third" else "")
    said = lines(open_app(model="third"))
    assert (
        "third could not be loaded: config.json is damaged: it is not JSON. Showing first" in said
    )
    app = open_app(model="second")
    monkeypatch.setattr(client, "model_names", lambda: ["first"])
    monkeypatch.setattr(client, "load_error", lambda _: wrong)
    assert "second could not be loaded: config.json is damaged" in lines(app.run())


def test_where_a_model_is_gone_the_one_that_is_shown_is_named(open_app, monkeypatch):
    def page():
        import streamlit as st

        def use():  # what another window has deleted meanwhile
            st.session_state["model"] = "gone"

        st.title("A")
        st.button("Use", on_click=use)

    monkeypatch.setattr(navigation, "pages", lambda: [st.Page(page, title="A", default=True)])
    app = open_app(model="second")
    (button,) = (button for button in app.main.button if button.label == "Use")
    said = lines(button.click().run())
    assert app.selectbox(key="model").value == "second"  # by the address
    assert "Model gone not found. Showing second." in said


def test_without_any_model_the_sidebar_says_where_to_get_one(open_app, monkeypatch):
    monkeypatch.setattr(client, "model_names", list)
    app = open_app(model="second")
    assert not app.exception
    assert "Model second not found. No models yet." in lines(app)
    assert any("Train page" in text.value for text in app.sidebar.markdown)


def test_the_source_stands_in_the_url_by_its_key_unless_it_is_the_default(open_app):
    app = open_app()
    box = app.selectbox(key="image_source")
    assert box.options == ["CIFAR-10 (test)", "sketch10 (synthetic)", "Upload", "Camera"]
    assert "image_source" not in app.query_params
    box.select("upload").run()
    assert app.query_params["image_source"] == "upload"
    assert open_app(image_source="upload").selectbox(key="image_source").value == "upload"
    app.selectbox(key="image_source").select("sketch10").run()
    assert "image_source" not in app.query_params


def test_a_patch_larger_than_the_images_of_a_model_is_refused_for_every_page(open_app, monkeypatch):
    small = ModelRef("first", Path("first"), (1,), ViTConfig(image_size=16))
    monkeypatch.setattr(client, "resolve", lambda name: small)
    app = open_app(patch_size="32", model="first")
    assert isinstance(app.session_state["selection"].model, Failure)
    app.select_slider(key="patch_size").set_value(16).run()
    assert app.session_state["selection"].model == small


def test_attention_that_takes_gigabytes_is_refused_for_every_page(open_app, monkeypatch):
    config = ViTConfig(image_size=224, patch_size=16, depth=12)  # and 3 heads
    large = ModelRef("first", Path("first"), (1,), config)
    monkeypatch.setattr(client, "resolve", lambda name: large)
    app = open_app(patch_size="2", model="first")  # 12,544 tokens: 22.7 GB
    assert isinstance(app.session_state["selection"].model, Failure)
    assert "22.7 GB" in app.session_state["selection"].model.message
    app.select_slider(key="patch_size").set_value(4).run()  # 3,136 tokens: 1.4 GB
    assert app.session_state["selection"].model == large
