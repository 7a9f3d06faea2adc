"""What a link says: its words read and written by the table of its fields."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote_plus, urlencode

from explorer import url_values
from explorer.components.attention_lens.lens_state import LensState
from explorer.selection import DEFAULT_PATCH_SIZE, Pin, Selection
from explorer.text.language import ENGLISH, current, in_english, tr
from explorer.text.position_encodings import names_of
from explorer.url_fields import (
    BESIDE,
    FIELDS,
    FUSIONS,
    GRID,
    HIDDEN,
    PANELS,
    SELECTED,
    VIEW,
    Known,
    shown_instead,
)
from vitcore.config import CLASS_NAMES, PATCH_SIZES, grid_side
from vitcore.intervention import Intervention

_SIDES = tuple(str(grid_side(size)) for size in PATCH_SIZES)


def read(
    query: Mapping[str, str], names: Sequence[str], known: Known
) -> tuple[dict[str, Any], list[str]]:
    """The values of some fields that the URL has, and a sentence for each that is none.

    Args:
        query: names and words as they stand in the URL.
        names: of `FIELDS`.
        known: what words are checked against.
    """
    values, sentences = {}, []
    for name in names:
        if name in query:
            value = FIELDS[name].parse(query[name], known)
            if value is None:
                sentences.append(FIELDS[name].message(known, shown(query[name])))
            else:
                values[name] = value
    return values, sentences


def words_of(values: object, names: Sequence[str], known: Known) -> dict[str, str]:
    """The words of values that a browser sent, by their names; "" for what is no value."""
    given, words = values if isinstance(values, Mapping) else {}, dict.fromkeys(names, "")
    for name in names:
        write = FIELDS[name].format
        if name in given and write:
            with contextlib.suppress(TypeError, ValueError, LookupError, OverflowError):
                words[name] = str(write(given[name], known))
    known = of_example(words, known)
    return {name: word if _is_valid(name, word, known) else "" for name, word in words.items()}


def _is_valid(name: str, word: str, known: Known) -> bool:
    return FIELDS[name].parse(word, known) is not None


def of_example(query: Mapping[str, str], known: Known) -> Known:
    """`known`, with the sizes of the example that a URL asks for."""
    sizes = {
        attribute: FIELDS[name].parse(query.get(name, ""), known)
        for name, attribute in (("tokens", "tokens"), ("heads", "example_heads"))
    }
    found = {name: size for name, size in sizes.items() if size is not None}
    return replace(known, second=query.get("keys") == "second", **found)


def with_present_names(query: Mapping[str, str]) -> dict[str, str]:
    """A URL of an earlier version, or another language, in today's names and the page's words."""
    today = dict(query)
    if (match := url_values.IN_GRID.fullmatch(today.get("pinned", ""))) and not match[3]:
        known = Known(side=_side(today))
        counted = replace(known, side=int(today[GRID])) if today.get(GRID) in _SIDES else known
        if pin := url_values.read_pin(today["pinned"], counted.side):
            today["pinned"] = url_values.pin_word(pin)
    for name, field in FIELDS.items():
        if field.earlier in today:
            today.setdefault(name, today.pop(field.earlier))
        if name in today and field.renamed:
            word = quote_plus(today[name]).lower()
            today[name] = field.renamed.get(word, today[name])
        if name in today and (option := in_english(today[name], field.options)):
            today[name] = tr(option)
    return today


# The attention view as a whole.


def read_view(query: Mapping[str, str], known: Known) -> tuple[LensState, list[str]]:
    """The state that a URL asks for, and sentences about what is not valid."""
    values, sentences = read(query, VIEW, known)
    patches, seed = values.get("patches", ({}, None))
    if "patches" in values and query.get(GRID, str(known.side)) != str(known.side):
        patches, seed = {}, None
        got = shown(query[GRID])
        sentences.append(
            tr("Grid must be {side} at this patch size (got {got}).", side=known.side, got=got)
        )
    view = LensState(
        looked_at=values.get("direction", False),
        common=values.get("scale", False),
        head=values.get("head"),
        changes=Intervention(
            ablated_heads=tuple(sorted(set(values.get("ablated", ())))),
            patches=patches,
            use_pos_embed=values.get("positions", True),
        ),
        shuffle=seed,
    )
    return view, sentences


def write_view(view: LensState, known: Known) -> dict[str, str]:
    """What a URL says of a state; nothing of what is as it is by default."""
    changes = view.changes
    values = {
        "direction": view.looked_at,
        "scale": view.common,
        "head": view.head,
        "ablated": changes.ablated_heads,
        "patches": (changes.patches, view.shuffle),
        "positions": changes.use_pos_embed,
    }
    words = {}
    for name, value in values.items():
        if (write := FIELDS[name].format) and (word := write(value, known)):
            words[name] = word
    if "patches" in words:
        words[GRID] = str(known.side)
    return words


def address(
    page: str,
    *,
    selection: Selection,
    view: LensState,
    pin: Pin | None,
    other: str,
    fusion: str = "mean",
    discard: float = 0.0,
    panel: str = PANELS[0],
) -> str:
    """The address that shows the Attention page as it is to another person.

    Args:
        page: its address without what follows the question mark.
        selection: with an image of a dataset; a person's own cannot be linked.
        view: all that is set above the tabs.
        pin: what is pinned.
        other: class that the predicted one is compared with.
        fusion: of rollout.
        discard: of rollout.
        panel: the tab that is open.
    """
    image = selection.image
    values = {
        "image_source": image.source,
        "image_class": CLASS_NAMES[image.label or 0],
        "image_index": str(image.index or 0),
        "patch_size": str(selection.patch_size),
        "model": selection.model_name,
        **({"pinned": url_values.pin_word(pin)} if pin else {}),
        **write_view(view, known_of(selection)),
        "attention_class": other,
    }
    if current() != ENGLISH:
        values["lang"] = current()
    if fusion != FUSIONS[0]:
        values["head_fusion"] = fusion
    if discard:
        values["discard_ratio"] = f"{discard:g}"
    if panel != PANELS[0]:
        values["attention_panel"] = panel
    return f"{page}?{urlencode(values)}"


def known_of(selection: Selection, **rest: Any) -> Known:
    """What words are checked against where this is selected."""
    config = selection.config
    if config is not None:
        rest |= {"blocks": config.depth, "heads": config.num_heads, "encodings": names_of(config)}
    return Known(class_names=selection.class_names, side=selection.side, **rest)


# What is selected, and the pin.


def selection_errors(
    query: Mapping[str, str], known: Known, *, load_error: str = "", page: str = ""
) -> tuple[list[str], list[str]]:
    """What a link asks for in vain, but for the attention view.

    Args:
        query: names and words as they stand in the URL.
        known: what words are checked against.
        load_error: why the model that the URL asks for could not be loaded, where it is there.
        page: name of the page, whose fields are read as well.

    Returns:
        Names of the hidden fields whose words are not valid, and a sentence for each value
        that is not, with what is shown instead.
    """
    known = of_example(query, replace(known, side=_side(query)))
    hidden = ("pinned", *HIDDEN.get(page, ()))
    names = [*SELECTED, *BESIDE, *hidden]
    failed = bool(load_error) and query["model"] not in known.models
    if failed:
        names.remove("model")
    values, sentences = read(query, names, known)
    if failed:
        sentences.append(model_not_found(query["model"], known.models, load_error))
    return [name for name in hidden if name in query and name not in values], sentences


def model_not_found(name: str, models: Sequence[str], load_error: str = "") -> str:
    """Why a model cannot be shown, and which one is shown instead."""
    if not load_error:
        return FIELDS["model"].message(Known(models=models), shown(name))
    return tr(
        "{name} could not be loaded: {reason}. {instead} Manage it in Models.",
        name=shown(name),
        reason=load_error.rstrip("."),
        instead=shown_instead(models),
    )


def pinned(word: str) -> Pin | None:
    """What the URL's word pins."""
    return url_values.read_pin(word, Known().side)


def is_countable(word: str) -> bool:
    """Whether a number box can take a number: a finite one in ASCII; what is none it drops."""
    try:
        return math.isfinite(float(word)) and word.isascii()
    except ValueError:
        return True


def shown(word: str) -> str:
    """A word of the URL inside a sentence."""
    seen = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in word)
    if not seen.strip():
        return tr("(empty)")
    return seen if len(seen) <= 40 else f"{seen[:40]}…"


def _side(query: Mapping[str, str]) -> int:
    """Rows and columns of the grid that a URL asks for."""
    size = query.get("patch_size", "")
    return grid_side(int(size) if size in map(str, PATCH_SIZES) else DEFAULT_PATCH_SIZE)
