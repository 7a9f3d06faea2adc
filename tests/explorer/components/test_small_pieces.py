"""Tiles of patch sizes, thumbnails, figure states and reading help."""

import ast
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from explorer.components import chosen_size, figure_state, picked, source_of, thumbs
from explorer.components.patch_size_tiles.component import cut_payload
from explorer.components.start.component import sent_choice
from vitcore.config import PATCH_SIZES
from vitcore.patches import model_input


def test_every_patch_size_has_its_tile(image, unpack):
    shares = {4: np.eye(10)[3], 8: np.full(10, 0.1)}
    known = {8: "test 86%"}
    header, arrays = unpack(cut_payload(shares, image.pixels, 4, truth=6, refused={2}, known=known))
    tiles = {tile["patch"]: tile for tile in header["tiles"]}
    assert tuple(tiles) == PATCH_SIZES
    assert [tile.pop("known") for tile in tiles.values() if tile["patch"] in (4, 8)] == [
        "",
        "test 86%",
    ]
    assert tiles[4] == {"patch": 4, "grid": 8, "tokens": "64 tokens", "share": 1.0, "top": 3}
    assert tiles[8]["top"] == -1  # prefers nothing
    assert (tiles[16]["share"], tiles[16]["awaited"]) == (None, True)
    assert (tiles[2]["share"], tiles[2]["awaited"]) == (None, False)
    assert tiles[32]["tokens"] == "1 token"
    header, _ = unpack(cut_payload(shares, image.pixels, 4, truth=6, prefix=2))
    assert {tile["patch"]: tile["tokens"] for tile in header["tiles"]}[8] == "18 tokens"
    seen = np.concatenate([model_input(image.pixels, size).ravel() for size in PATCH_SIZES])
    np.testing.assert_array_equal(arrays["rgb"], seen)


@pytest.mark.parametrize(("sent", "size"), [(8, 8), (7, None), ("8", None), (None, None)])
def test_only_a_stop_of_the_slider_can_be_chosen(sent, size):
    assert chosen_size(SimpleNamespace(patch_size=sent)) == size


@pytest.mark.parametrize(
    ("sent", "index"), [(12, 12), (13, None), (True, None), ("12", None), (None, None)]
)
def test_only_a_shown_image_can_be_picked(sent, index):
    assert picked(SimpleNamespace(index=sent), [1, 12]) == index


def test_thumbnails_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"\(n, side, side, 3\), got \(2, 32, 32\)"):
        thumbs(np.zeros((2, 32, 32), np.uint8), [0, 1], ["a", "b"], 0, "k")
    with pytest.raises(ValueError, match="got 2, 1 and 2"):
        thumbs(np.zeros((2, 32, 32, 3), np.uint8), [0], ["a", "b"], 0, "k")


def test_a_state_says_what_and_then_and_escapes_both():
    def page():
        from explorer.components import figure_state

        figure_state("loading", "Reading <b>file</b>", "Wait & see", height=300, done=1.7)

    (html,) = AppTest.from_function(page).run().get("html")
    body = html.proto.body
    assert "Reading &lt;b&gt;file&lt;/b&gt;" in body
    assert "Wait &amp; see" in body
    assert "min-height: 300px" in body
    assert "width:100%" in body


def test_another_kind_of_state_is_refused():
    with pytest.raises(ValueError, match="got 'sad'"):
        figure_state("sad", "", "")


def test_a_run_that_another_has_overtaken_ends_where_it_writes_its_finding():
    def page():
        from types import SimpleNamespace

        import streamlit as st
        from streamlit.errors import StreamlitInvalidLayoutContextError

        from explorer.components import finding_line

        def overtaken(_):
            raise StreamlitInvalidLayoutContextError("as Streamlit raises it")

        st.write("before")
        finding_line("accuracy 81%", place=SimpleNamespace(html=overtaken))
        st.write("after")

    app = AppTest.from_function(page).run()
    assert not app.exception
    assert [one.value for one in app.markdown] == ["before"]


def test_source_is_read_without_importing():
    source = source_of("vitcore/tracing.py", "trace")
    assert source.startswith("def trace(")
    assert "\ndef " not in source


def test_the_source_of_a_method_starts_at_the_margin():
    source = source_of("vitcore/config/vit.py", "ViTConfig.grid_side")
    assert source.startswith("def grid_side(")


def test_decorators_belong_to_the_source():
    assert source_of("vitcore/config/vit.py", "ViTConfig").startswith("@dataclass")


def test_a_name_that_is_not_in_the_file_is_an_error():
    with pytest.raises(ValueError, match="got 'nothing' and 'vitcore/config/train.py'"):
        source_of("vitcore/config/train.py", "nothing")


def test_one_source_is_parsed_at_a_time(monkeypatch):
    parsing, most = [], []

    def slow(text, parse=ast.parse):
        parsing.append(text)
        most.append(len(parsing))
        time.sleep(0.05)
        parsing.remove(text)
        return parse(text)

    monkeypatch.setattr(ast, "parse", slow)
    source_of.cache_clear()
    names = "ViTConfig", "ViTConfig.grid_side", "ViTConfig.tokens"
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(partial(source_of, "vitcore/config/vit.py"), names))
    assert most == [1, 1, 1]


@pytest.mark.parametrize(
    ("sent", "chosen"),
    [
        ("vit.7", "vit.7"),
        ({"page": "patches"}, None),
        ({}, None),
        (float("inf"), None),
        (["vit.7"], None),
        (None, None),
    ],
)
def test_the_start_offers_addresses_of_steps(sent, chosen):
    assert sent_choice(SimpleNamespace(chosen=sent)) == chosen
