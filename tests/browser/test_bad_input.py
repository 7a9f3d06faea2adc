"""What bad input gets: one plain sentence, and the page alive."""

import asyncio
import io
import threading

import pytest
from PIL import Image
from playwright.sync_api import expect
from streamlit.proto.WidgetStates_pb2 import WidgetState

from tests.browser.person import PAGES
from tests.load.visitor import Visitor


def image_bytes(kind="PNG", size=(64, 48), mode="RGB", colour=(200, 40, 40)) -> bytes:
    written = io.BytesIO()
    Image.new(mode, size, colour).save(written, kind)
    return written.getvalue()


BAD_FILES = {
    "empty.png": b"",
    "words.png": b"this is not an image",
    "truncated.jpg": image_bytes("JPEG", (640, 480))[:900],
    "bomb.png": image_bytes("PNG", (12_000, 9_000), "1", 1),
}


def test_a_bad_file_gets_a_sentence_and_the_page_goes_on(person, tmp_path):
    person.opens("Patches", image_source="upload")
    sidebar = person.page.get_by_test_id("stSidebar")
    said = sidebar.get_by_role("alert").filter(has_text="Still showing")
    for name, content in BAD_FILES.items():
        (tmp_path / name).write_bytes(content)
        before = said.all_inner_texts()
        person.uploads(tmp_path / name)
        person.eventually(lambda before=before: said.all_inner_texts() not in ([], before))
        expect(person.page.get_by_test_id("stException")).to_have_count(0)
    person.slides_patch_size(8)
    person.sees_patches(16)


def test_an_own_image_is_shown_and_answered(person, tmp_path):
    file = tmp_path / "own.png"
    file.write_bytes(image_bytes())
    person.opens(image_source="upload")
    person.uploads(file)
    person.waits_for_answer()
    person.sees_patches(64)
    image = person.page.locator(".hero canvas.image")
    person.eventually(lambda: middle_is_red(image))


def middle_is_red(canvas) -> bool:
    return canvas.evaluate(
        """canvas => {
            const at = canvas.getContext('2d')
                .getImageData(canvas.width / 2 + 3, canvas.height / 2 + 3, 1, 1).data;
            return at[0] > 150 && at[1] < 90;
        }"""
    )


def test_an_impossible_model_is_named_as_words(person):
    person.opens("Patches", model="<img src=x onerror=document.title='caught'>")
    person.sees("<img src=x onerror=d")  # a long one is cut
    person.sees_patches(64)
    assert "caught" not in person.page.title()


def test_an_impossible_address_gets_the_defaults_and_a_line_for_each_value(person):
    asked = {
        "patch_size": "999",
        "image_class": "unicorn",
        "image_source": "moon",
        "image_index": "-3",
        "model": "<img src=x onerror=document.title='caught'>",
    }
    person.opens("Patches", **asked)
    for name in ("image_source", "image_class", "image_index", "patch_size"):
        person.sees(asked[name])
    person.sees("and 1 more")  # of five
    person.sees_patches(64)
    assert (person.patch_size(), person.chosen("image_class")) == (4, "frog")
    assert not {*asked} & {*person.query()}
    expect(person.page.get_by_test_id("stException")).to_have_count(0)
    assert "caught" not in person.page.title()  # markup is shown as words


def forged(widget: str) -> list[WidgetState]:
    """Values of every type that the protocol has, of which at most some fit the widget."""
    lists = {
        "string_array_value": (["x"], ["4", "8"], [""] * 99),
        "double_array_value": ([float("nan")], [1.0, 2.0, 3.0]),
        "int_array_value": ([-1], [2**62]),
    }
    plain = {
        "json_value": ("[1, 2]", "no JSON", "[" * 5000, '{"changes": {"of": 1}, "view": [9, "x"]}'),
        "json_trigger_value": ("{", '[{"event": "chosen", "value": {"page": []}}]'),
        "double_value": (float("nan"), float("inf"), -1e308),
        "string_value": ("", "x", "\0", "nan", "../../etc/passwd"),
        "int_value": (-1, 2**62),
        "bool_value": (True,),
        "bytes_value": (b"\xff",),
    }
    found = [WidgetState(id=widget)]
    found += [WidgetState(id=widget, **{name: one}) for name, all_ in plain.items() for one in all_]
    for name, all_ in lists.items():
        for one in all_:
            found.append(WidgetState(id=widget))
            getattr(found[-1], name).data.extend(one)
    found += [WidgetState(id=widget), WidgetState(id=widget)]
    found[-1].file_uploader_state_value.uploaded_file_info.add(file_id="x", name="x", size=1)
    found[-2].string_trigger_value.data = "x"
    return found


async def forge(server, page: str) -> list[str]:
    """Send every widget of a page what it cannot be; returns the errors that the page said."""
    async with Visitor(server.address) as visitor:
        await visitor.act(page)
        ids = [*visitor.widgets.values()]
        ids += [f"$$STREAMLIT_INTERNAL_KEY_{one}__events" for one in ids]  # what components send
        for values in zip(*map(forged, ids), strict=True):
            await visitor.act(values=values)
        await visitor.act(page, {"patch_size": "8"})
        assert not visitor.closed
        return visitor.errors


@pytest.mark.parametrize("page", PAGES.values())
def test_forged_widget_values_break_nothing_and_are_logged_once(server, page):
    def send():  # its own thread: a browser may have a loop in this one
        found = []
        thread = threading.Thread(target=lambda: found.append(asyncio.run(forge(server, page))))
        thread.start()
        thread.join()
        return found

    assert send() == [[]]
    before = server.log.read_text(errors="replace")
    assert send() == [[]]
    new = server.log.read_text(errors="replace").removeprefix(before)
    assert "Traceback" not in new
    assert "no page sends" not in new
