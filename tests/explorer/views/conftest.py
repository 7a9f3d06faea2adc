"""Open a view on answers that a test chooses."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from vitcore.config import PRESETS

VIEWS = Path(__file__).resolve().parents[3] / "explorer" / "views"


@pytest.fixture
def open_view(select, fake_forward):
    """Open a view; `answer` is what the model says, or a function of the patch size.

    Args:
        name: of the view.
        answer: ModelOutput, Pending or Failure, or a function from patch size to one.
        patch_size: P.
        config: of the model; None where its files cannot be read.
    """

    def open_view(name, answer, *, patch_size=4, config=PRESETS["flexi"]):
        def forward(selection):
            return answer(selection.patch_size) if callable(answer) else answer

        fake_forward(forward)
        view = AppTest.from_file(str(VIEWS / f"{name}.py"), default_timeout=20)
        view.session_state["selection"] = select(patch_size, config=config)
        view.session_state["patch_size"] = patch_size
        view.session_state["reading_figure"] = True  # its notes are unfolded
        return view.run()

    return open_view


@pytest.fixture
def payloads(unpack):
    """What each component on a page was sent, by the name of its key: (header, arrays)."""

    def payloads(view):
        sent = {}
        for element in view.get("bidi_component"):
            header, arrays = unpack(element.proto.bytes)
            sent[element.proto.component_name.removeprefix("vit_explorer.")] = (header, arrays)
        return sent

    return payloads
