"""The table of a link's fields: what each may be, its default, and what is said of other words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from explorer import url_values
from explorer.components.encoder.payload import STAGES
from explorer.records import NORM_BATCH
from explorer.selection import DEFAULT_CLASS, DEFAULT_PATCH_SIZE, LARGEST_INDEX, SOURCE_NAMES
from explorer.text.language import LANGUAGES, N_, current, in_english, tr
from vitcore.config import CLASS_NAMES, PATCH_SIZES, grid_side

PANELS = (
    N_("Logit lens"),
    N_("Head ablation"),
    N_("Head metrics"),
    N_("Attribution"),
    N_("Export"),
)
FUSIONS = (N_("mean"), N_("max"), N_("min"))
ENCODINGS = {  # the words of a link to their names
    "learned": "learned",
    "sin-cos-1d": "sincos1d",
    "sin-cos-2d": "sincos2d",
    "random-init": "untrained",
}
# Steps of attention as words.js has them, and head dimensions as arithmetic.js has them.
ATTENTION_STEPS = ("projections", "scores", "scaling", "mask", "softmax", "sum")
HEAD_DIMS = {str(2**power): 2**power for power in range(11)}
_UNKNOWN_SCALE = N_("Unknown color scale {got}. Showing Cosine.")
_SECOND = url_values.MATRICES["Y"][0]  # tokens of the second sequence
_HEAD_MUST_BE = N_("Head must be 1–{last} (got {got}).")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What values are checked against.

    Attributes:
        models: names that can be chosen; the first is the default.
        runs: names of the training runs.
        tours: their ids.
        class_names: of the model.
        source: of images by default.
        index: of the image that is shown.
        side: rows and columns of the patch grid.
        blocks, heads: of the model.
        encodings: of positions, that the model is compared with.
        tokens, example_heads: of the example of Self-attention.
        second: whether its keys and values come from a second sequence, of three tokens.
    """

    models: Sequence[str] = ()
    runs: Sequence[str] = ()
    tours: Sequence[str] = ()
    class_names: Sequence[str] = CLASS_NAMES
    source: str = "sketch10"
    index: int = 0
    side: int = grid_side(DEFAULT_PATCH_SIZE)
    blocks: int = 1
    heads: int = 1
    encodings: Sequence[str] = tuple(ENCODINGS.values())
    tokens: int = 4
    example_heads: int = 2
    second: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of the URL.

    Attributes:
        parse: the value of a word, or None where it is none.
        message: what is said of a word that is no value.
        format: the word of a value, "" for the default; widgets bound to the URL write their own.
        earlier: its name in links of earlier versions.
        renamed: words of earlier versions, as they stand in a URL in lower case, to today's.
        options: of a box, which writes their labels in the language of the page.
    """

    parse: Callable[[str, Known], Any]
    message: Callable[[Known, str], str]
    format: Callable[[Any, Known], str] | None = None
    earlier: str = ""
    renamed: Mapping[str, str] | None = None
    options: tuple[str, ...] = ()


def _one_of(words: Sequence[str]) -> Callable[[str, Known], str | None]:
    return lambda word, _: word if word in words else None


def _choice(*options: str) -> dict[str, Any]:
    return {"parse": lambda word, _: in_english(word, options), "options": options}


def _whole(first: int, last: int | str) -> dict[str, Any]:
    """A whole number up to `last`, or up to what the attribute of that name says."""

    def parse(word: str, known: Known) -> int | None:
        highest = getattr(known, last) if isinstance(last, str) else last
        fits = url_values.is_short(word) and first <= int(word) <= highest
        return int(word) if fits else None

    return {"parse": parse, "format": lambda value, _: str(value)}


def _switch(on: str) -> dict[str, Any]:
    return {
        "parse": lambda word, _: True if word == on else None,
        "format": lambda value, _: on if value else "",
    }


def _said(message: str, **values: object) -> Callable[[Known, str], str]:
    return lambda _, word: tr(message, got=word, **values)


def _encodings(known: Known) -> dict[str, str]:
    return {word: name for word, name in ENCODINGS.items() if name in known.encodings}


def _tour(word: str, known: Known) -> tuple[str, int] | None:
    found = url_values.read_tour(word)
    return found if found and found[0] in known.tours else None


def _patches(word: str, known: Known) -> tuple[dict[int, int | None], int | None] | None:
    found = url_values.read_patches(word, known.side)
    return found if found and found[0] else None


def _heads(word: str, known: Known) -> list[tuple[int, int]] | None:
    return url_values.read_heads(word, blocks=known.blocks, heads=known.heads) or None


def _residual(word: str, known: Known) -> str | None:
    """One term of a sum x + f(x): its block, sub-layer and what stays, such as "2.mlp.x"."""
    match = re.fullmatch(r"([1-9][0-9]?)\.(?:msa|mlp)\.[fx]", word)
    return word if match and int(match[1]) <= known.blocks else None


def _one_head(word: str, known: Known) -> tuple[int, int] | None:
    found = _heads(word, known)
    return found[0] if found and len(found) == 1 else None


def shown_instead(models: Sequence[str]) -> str:
    """Which model is shown in the place of one that cannot be."""
    return tr("Showing {name}.", name=models[0]) if models else tr("No models yet.")


FIELDS: dict[str, Field] = {
    # What is selected: widgets of the sidebar.
    "image_source": Field(
        parse=_one_of(tuple(SOURCE_NAMES)),
        message=lambda known, word: tr(
            "Unknown image source {got}. Showing {shown}.",
            got=word,
            shown=tr(SOURCE_NAMES[known.source]),
        ),
        earlier="picture_source",
    ),
    "image_class": Field(
        **_choice(*CLASS_NAMES),
        message=lambda _, word: tr(
            "Unknown class {got}. Showing {shown}.", got=word, shown=tr(DEFAULT_CLASS)
        ),
        earlier="picture_class",
    ),
    "image_index": Field(
        parse=lambda word, _: int(word) if url_values.is_index(word) else None,
        message=lambda known, word: tr(
            "Image index must be 0–{last} (got {got}). Showing {shown}.",
            last=LARGEST_INDEX,
            got=word,
            shown=known.index,
        ),
        earlier="picture_index",
    ),
    "patch_size": Field(
        parse=_one_of(tuple(map(str, PATCH_SIZES))),
        message=_said(
            N_("Patch size must be one of {sizes} (got {got}). Showing {shown}."),
            sizes=", ".join(map(str, PATCH_SIZES)),
            shown=DEFAULT_PATCH_SIZE,
        ),
    ),
    "model": Field(
        parse=lambda word, known: word if word in known.models else None,
        message=lambda known, word: tr(
            "Model {got} not found. {instead}", got=word, instead=shown_instead(known.models)
        ),
    ),
    # Of every page, beside it.
    "lang": Field(
        parse=_one_of(tuple(LANGUAGES)),
        message=lambda _, word: tr(
            "Unknown language {got}. Showing {shown}.", got=word, shown=LANGUAGES[current()]
        ),
    ),
    "tour": Field(
        parse=_tour,
        message=_said(N_("Tour {got} not found.")),
    ),
    # The attention view.
    "pinned": Field(
        parse=lambda word, known: url_values.read_pin(word, known.side),
        message=lambda known, word: tr(
            "Pinned patch must be row.column from 1.1 to {last} (got {got}).",
            last=f"{known.side}.{known.side}",
            got=word,
        ),
        format=lambda pin, _: url_values.pin_word(pin),
    ),
    "direction": Field(
        **_switch("key"),
        message=_said(N_("Unknown direction {got}. Showing Query → keys.")),
        renamed={"looked-at": "key"},
    ),
    "scale": Field(
        **_switch("shared"),
        message=_said(N_("Unknown scale {got}. Showing per map.")),
        renamed={"common": "shared"},
    ),
    "head": Field(
        parse=_one_head,
        message=lambda known, word: tr(
            "Head must be block.head from 1.1 to {last} (got {got}).",
            last=f"{known.blocks}.{known.heads}",
            got=word,
        ),
        format=lambda head, _: "" if head is None else f"{head[0] + 1}.{head[1] + 1}",
    ),
    "ablated": Field(
        parse=_heads,
        message=lambda known, word: tr(
            "Ablated heads must be blocks or block.head from 1.1 to {last} (got {got}).",
            last=f"{known.blocks}.{known.heads}",
            got=word,
        ),
        format=lambda pairs, known: " ".join(url_values.head_words(pairs, known.heads)),
        earlier="off",
    ),
    "patches": Field(
        parse=_patches,
        message=lambda known, word: tr(
            "Patches must be like 1.1-x (masked) or 1.1-{last}, from 1.1 to {last} (got {got}).",
            last=f"{known.side}.{known.side}",
            got=word,
        ),
        format=lambda value, known: " ".join(
            url_values.patch_words(value[0], value[1], known.side)
        ),
    ),
    "positions": Field(
        parse=lambda word, _: {"on": True, "off": False}.get(word),
        message=_said(N_("Position embeddings must be on or off (got {got}).")),
        format=lambda value, _: "" if value else "off",
    ),
    # What other pages show, in hidden fields.
    "shuffle": Field(
        parse=lambda word, _: int(word) if url_values.is_short(word) else None,
        message=_said(N_("Shuffle must be 0–9999 (got {got}). Showing 0.")),
    ),
    "encoding": Field(
        parse=lambda word, known: _encodings(known).get(word),
        message=lambda known, word: tr(
            "Encoding must be one of {words} (got {got}).",
            words=", ".join(_encodings(known)),
            got=word,
        ),
        format=lambda kind, _: {name: word for word, name in ENCODINGS.items()}[kind],
    ),
    "position_scale": Field(**_switch("centered"), message=_said(_UNKNOWN_SCALE)),
    "token_scale": Field(**_switch("centered"), message=_said(_UNKNOWN_SCALE)),
    "after_block": Field(
        **_whole(0, "blocks"),
        message=lambda known, word: tr(
            "After block must be 0–{last} (got {got}).", last=known.blocks, got=word
        ),
    ),
    "block": Field(
        **_whole(1, "blocks"),
        message=lambda known, word: tr(
            "Block must be 1–{last} (got {got}).", last=known.blocks, got=word
        ),
    ),
    "stage": Field(
        parse=_one_of(STAGES),
        message=_said(N_("Unknown stage {got}. Showing LayerNorm.")),
        format=lambda value, _: value,
    ),
    # The figures of Encoder.
    "rows": Field(**_switch("all"), message=_said(N_("Unknown rows {got}. Showing this token."))),
    "terms": Field(
        parse=_one_of(("f", "x")),
        message=_said(N_("Terms must be f or x (got {got}). Showing x + f(x).")),
        format=lambda value, _: value,
    ),
    "residual": Field(
        parse=_residual,
        message=lambda known, word: tr(
            "Residual must be like 1.msa.f, up to {last} (got {got}).",
            last=f"{known.blocks}.mlp.x",
            got=word,
        ),
        format=lambda value, _: value,
    ),
    "norm": Field(
        parse=_one_of(("layer", "batch", "group", "image")),
        message=_said(N_("Unknown normalization {got}. Showing LayerNorm.")),
        format=lambda value, _: value,
    ),
    "batch": Field(
        **_whole(1, NORM_BATCH),
        message=_said(N_("Batch size must be 1–{last} (got {got})."), last=NORM_BATCH),
    ),
    "input": Field(
        parse=_one_of(("example", "image")),
        message=_said(N_("Unknown input {got}. Showing the example.")),
        format=lambda value, _: value,
    ),
    "image_head": Field(
        **_whole(1, "heads"),
        message=lambda known, word: tr(_HEAD_MUST_BE, last=known.heads, got=word),
    ),
    # The example of Self-attention.
    "tokens": Field(
        **_whole(2, 6), message=_said(N_("Tokens must be 2–6 (got {got}). Showing 4."))
    ),
    "heads": Field(**_whole(1, 4), message=_said(N_("Heads must be 1–4 (got {got}). Showing 2."))),
    "example_head": Field(
        **_whole(1, "example_heads"),
        message=lambda known, word: tr(_HEAD_MUST_BE, last=known.example_heads, got=word),
    ),
    "query": Field(
        **_whole(1, "tokens"),
        message=lambda known, word: tr(
            "Query must be 1–{last} (got {got}).", last=known.tokens, got=word
        ),
    ),
    "score": Field(
        parse=_one_of(("dot", "multiplicative", "additive")),
        message=_said(N_("Unknown score {got}. Showing dot product.")),
        format=lambda value, _: value,
    ),
    "scaling": Field(
        parse=lambda word, _: {"on": True, "off": False}.get(word),
        message=_said(N_("Scaling must be on or off (got {got}).")),
        format=lambda value, _: "" if value else "off",
    ),
    "mask": Field(
        parse=lambda word, known: url_values.read_mask(
            word,
            queries=known.tokens,
            keys=_SECOND if known.second else known.tokens,
            causal=not known.second,
        ),
        message=_said(
            N_("Mask must be causal, or query.key such as 1.2, with a key left (got {got}).")
        ),
        format=lambda value, _: url_values.mask_word(value),
    ),
    "keys": Field(
        parse=_one_of(("second",)),
        message=_said(N_("Unknown keys {got}. Showing keys and values from X.")),
        format=lambda value, _: value,
    ),
    "seed": Field(
        **_whole(1, 999), message=_said(N_("Seed must be 1–999 (got {got}). Showing 1."))
    ),
    "step": Field(
        parse=_one_of(ATTENTION_STEPS),
        message=_said(N_("Unknown step {got}. Showing all.")),
        format=lambda value, _: value,
    ),
    "example": Field(
        parse=lambda word, _: url_values.read_example(word),
        message=_said(
            N_("Example must be like X-1.2_0.5, at most {most} characters (got {got})."),
            most=url_values.LONGEST_EXAMPLE,
        ),
        format=lambda value, _: url_values.example_word(value),
    ),
    # The experiment on scaling.
    "head_dim": Field(
        parse=lambda word, _: HEAD_DIMS.get(word),
        message=_said(N_("Head dimension must be a power of 2, 1–1024 (got {got}). Showing 64.")),
        format=lambda value, _: str(value),
    ),
    "sigma": Field(
        parse=lambda word, _: {"0.5": 0.5, "1": 1, "2": 2}.get(word),
        message=_said(N_("σ must be 0.5, 1 or 2 (got {got}). Showing 1.")),
        format=lambda value, _: f"{value:g}",
    ),
    "sample": Field(
        **_whole(1, 999),
        message=_said(N_("Seed of the sample must be 1–999 (got {got}). Showing 1.")),
    ),
    "run": Field(
        parse=lambda word, known: word if word in known.runs else None,
        message=_said(N_("Run {got} not found.")),
    ),
    "cell": Field(
        parse=lambda word, _: url_values.read_cell(word),
        message=_said(N_("Cell must be two classes, such as cat-dog (got {got}).")),
    ),
    # The tabs below the attention view: widgets.
    "attention_panel": Field(
        **_choice(*PANELS),
        message=lambda _, word: tr(
            "Unknown tab: {got}. Showing {shown}.", got=word, shown=tr(PANELS[0])
        ),
        renamed={
            "maps": "Attribution",
            "heads": "Head ablation",
            "numbers": "Head metrics",
            "if+it+stopped+here": "Logit lens",
            "take+it+along": "Export",
        },
    ),
    "attention_class": Field(
        parse=lambda word, known: in_english(word, tuple(known.class_names)),
        message=_said(N_("Unknown class to compare with: {got}. Using the default.")),
        options=CLASS_NAMES,
    ),
    "head_fusion": Field(
        **_choice(*FUSIONS),
        message=_said(N_("Unknown head fusion: {got}. Using mean.")),
        earlier="attention_fusion",
    ),
    "discard_ratio": Field(
        parse=lambda word, _: url_values.read_share(word),
        message=_said(N_("Discard ratio must be 0–0.9 (got {got}). Using 0.")),
        earlier="attention_discard",
    ),
}
GRID = "grid"  # the rows in which `patches` are counted
SELECTED = ("image_source", "image_class", "image_index", "patch_size", "model")
BESIDE = ("lang", "tour")
VIEW = ("direction", "scale", "head", "ablated", "patches", "positions")
POSITIONS = ("encoding", "position_scale")  # what two figures of Positions say of themselves
TOKENS = ("token_scale", "after_block")
# What the figure of Self-attention says of itself; the first is about the image.
MACHINE = (
    "image_head",
    "input",
    "tokens",
    "heads",
    "example_head",
    "query",
    "score",
    "scaling",
    "mask",
    "keys",
    "seed",
    "step",
    "example",
)
SCALING = ("head_dim", "sigma", "sample")  # what the experiment of that page says of itself
# What the figures of Encoder say of themselves.
ENCODER = ("block", "stage", "rows", "terms")
RESIDUALS = ("residual",)
NORMS = ("norm", "batch")
HIDDEN = {  # fields that a page keeps without a widget; the pin is that of all
    "positions": ("shuffle", *POSITIONS, *TOKENS),
    "self_attention": ("block", *MACHINE, *SCALING),
    "encoder": (*ENCODER, *RESIDUALS, *NORMS),
    "train": ("run",),
    "evaluate": ("cell",),
}
TABS = ("attention_panel", "attention_class", "head_fusion", "discard_ratio")
