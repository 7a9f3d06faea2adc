"""Values of widgets: what a browser sends of our components."""

from __future__ import annotations

import random
from pathlib import Path
from types import SimpleNamespace

from tests.bench.mutations.changing import expect, mutated_json, once


def messages(rng: random.Random, _: Path) -> None:
    from explorer import url, url_fields
    from explorer.components.attention_lens import messages as lens
    from explorer.components.gallery.component import chosen_number
    from explorer.components.patch_size_tiles.component import chosen_size
    from explorer.components.pin.component import sent_pin
    from explorer.components.self_attention.component import sent_block
    from explorer.components.start.component import sent_choice
    from explorer.components.thumbnails.component import picked
    from explorer.tours import guide
    from explorer.url_values import pin_word, read_pin

    once("tours", guide.tours)
    sent = mutated_json(rng, _MESSAGE)
    result = SimpleNamespace(**sent) if isinstance(sent, dict) else sent
    view = lens.sent_view(result, blocks=6, heads=3)
    expect(view is None or view.head is None or (0 <= view.head[0] < 6 and 0 <= view.head[1] < 3))
    lens.sent_seed(result)
    changes = lens.sent_changes(result, of="x", blocks=6, heads=3, patches=64)
    expect(changes is None or all(0 <= to < 64 for to in changes.patches))
    if pin := sent_pin(result):
        expect(read_pin(pin_word(pin), pin.side) == pin)
    known = url_fields.Known(blocks=6)
    words = url.words_of(getattr(result, "stage", None), url_fields.ENCODER, known)
    expect(words["block"] in ("", *map(str, range(1, 7))))
    expect(sent_block(result, 6) in (None, *range(6)))
    expect(chosen_number(result, range(10)) in (None, *range(10)))
    expect(picked(result, range(10)) in (None, *range(10)))
    chosen_size(result)
    guide.asked(sent_choice(result) or "")


_MESSAGE = {
    "pinned": [17, 8, 8],
    "view": {"direction": "from", "scale": "each", "head": [1, 2]},
    "changes": {
        "of": "x", "heads": [[0, 1], [5, 2]], "patches": [[3, -1], [4, 7]], "positions": True,
        "seed": 7,
    },
    "stage": {"block": 3, "stage": "mlp", "rows": True, "terms": "f"},
    "block": 3,
    "number": 4,
    "index": 5,
    "patch_size": 4,
    "chosen": "vit.7",
}  # fmt: skip
