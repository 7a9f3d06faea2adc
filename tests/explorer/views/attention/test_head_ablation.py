"""A bar of the head ranking is a switch of the lens."""

from types import SimpleNamespace

import numpy as np

from explorer.views.attention import head_ablation, view_state
from vitcore.intervention import Intervention


def test_a_clicked_bar_switches_its_head_and_the_address_follows(monkeypatch, select):
    done = []
    change = np.array([[0.1, -0.3], [0.2, 0.0]])  # the largest fall stands first: block 1 head 2
    state = {"bars": {"selection": {"points": [{"y": 0.0}]}}}
    drawing = SimpleNamespace(session_state=state, rerun=lambda parts: done.append(parts))
    monkeypatch.setattr(head_ablation, "st", drawing)
    before = Intervention(ablated_heads=((1, 0),), use_pos_embed=False)
    of = select().under(before)
    monkeypatch.setattr(view_state, "current", lambda selection: of)
    monkeypatch.setattr(view_state, "store", lambda *made: done.append(made))
    monkeypatch.setattr(view_state, "show_url", done.append)
    head_ablation.switch(SimpleNamespace(selection=select()), "bars", change)
    made = Intervention(ablated_heads=((0, 1), (1, 0)), use_pos_embed=False)
    assert done == [
        (made, of),
        of,  # after it is kept, or the address would tell what was
        ["attention_lens", "attention_panels"],
    ]
