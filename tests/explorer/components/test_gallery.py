"""Images with words below them: what is sent, and what may come back."""

from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from explorer.components.gallery.component import chosen_number, gallery


def shown(unpack, count):
    def page(count):
        import numpy as np

        from explorer.components.gallery.component import gallery

        gallery(
            np.full((count, 4, 4, 3), 7, np.uint8),
            list(range(100, 100 + count)),
            [("cat 90%", "is dog")] * count,
            ["dog, answered cat"] * count,
            chosen=101,
            label="Mistakes",
            key="mistakes",
        )

    view = AppTest.from_function(page, kwargs={"count": count}, default_timeout=20).run()
    assert not view.exception
    return unpack(view.get("bidi_component")[0].proto.bytes)


def test_images_go_with_their_words(unpack):
    header, arrays = shown(unpack, 2)
    assert header["numbers"] == [100, 101]
    assert header["captions"][0] == ["cat 90%", "is dog"]
    assert (header["chosen"], header["label"], header["size"]) == (101, "Mistakes", 4)
    assert arrays["rgb"].shape == (2, 4, 4, 3)


def test_there_may_be_no_image_at_all(unpack):
    assert shown(unpack, 0)[0]["numbers"] == []


@pytest.mark.parametrize("clicked", [7, True, 1.0, "1", None])
def test_only_a_number_that_was_sent_comes_back(clicked):
    assert chosen_number(SimpleNamespace(number=clicked), [1, 2]) is None
    assert chosen_number(SimpleNamespace(number=2), np.array([1, 2])) == 2
    assert chosen_number(None, [1, 2]) is None


def test_words_for_each_image_are_needed():
    with pytest.raises(ValueError, match=r"got \[2, 2, 1, 2\]"):
        gallery(
            np.zeros((2, 4, 4, 3), np.uint8), [1, 2], [("", "")], ["", ""],
            chosen=None, label="", key="a",
        )  # fmt: skip
    with pytest.raises(ValueError, match=r"\(n, side, side, 3\), got \(2, 4, 5, 3\)"):
        gallery(np.zeros((2, 4, 5, 3), np.uint8), [], [], [], chosen=None, label="", key="a")
