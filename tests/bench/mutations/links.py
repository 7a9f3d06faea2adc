"""Links: the URL of a page."""

from __future__ import annotations

import random
import urllib.parse
from pathlib import Path

from tests.bench.mutations.changing import expect, mutated_word


def links(rng: random.Random, _: Path) -> None:
    from explorer import url, url_fields

    words = list(_LINK.values())
    chosen = {name: word for name, word in _LINK.items() if rng.random() < 0.6}
    query = {name: mutated_word(rng, word, words) for name, word in chosen.items()}
    if rng.random() < 0.3:
        query |= {rng.choice([*_LINK, "picture_class", "off", "?"]): rng.choice(words)}
    sent = urllib.parse.urlencode(query, errors="surrogatepass")
    query = dict(urllib.parse.parse_qsl(sent, keep_blank_values=True))
    query = url.with_present_names(query)
    known = url_fields.Known(models=("one", "two"), side=8, blocks=6, heads=3)
    page = rng.choice(["overview", "attention", *url_fields.HIDDEN])
    said = url.selection_errors(query, known, page=page)[1]
    said += url.read(query, [name for name in url_fields.FIELDS if name != "model"], known)[1]
    view, sentences = url.read_view(query, known)
    written = url.write_view(view, known)
    expect(all(isinstance(one, str) for one in (*said, *sentences, *written.values())))
    expect(url.read_view(written, known)[0].changes == view.changes)
    url.pinned(query.get("pinned", ""))
    url.is_countable(query.get("image_index", "0"))


_LINK = {
    "image_source": "sketch10",
    "image_class": "frog",
    "image_index": "17",
    "patch_size": "4",
    "model": "one",
    "pinned": "3.7-of-8",
    "direction": "key",
    "scale": "shared",
    "head": "2.3",
    "ablated": "3.2 5",
    "patches": "shuffled-7 1.1-x 2.3-4.5",
    "positions": "off",
    "grid": "8",
    "shuffle": "3",
    "block": "2",
    "input": "image",
    "stage": "mlp",
    "cell": "cat-dog",
    "attention_panel": "Export",
    "attention_class": "cat",
    "head_fusion": "max",
    "discard_ratio": "0.5",
    "lang": "zh",
    "tour": "vit.7",
}
