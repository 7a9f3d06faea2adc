"""The URL: every state comes back, old links too, and nothing else is believed."""

import re
from pathlib import Path

import pytest

from explorer import url, url_fields, url_values
from explorer.components.attention_lens import component as attention_lens
from explorer.components.attention_lens.component import LensState
from explorer.selection import Pin
from explorer.url_fields import Known
from explorer.url_values import shuffled
from vitcore.config import ViTConfig
from vitcore.intervention import Intervention

NAMES = ("pinned", url_fields.GRID, *url_fields.VIEW)


def known(side=4):
    return Known(side=side, blocks=3, heads=2)


def written(state, *, side, heads):
    return url.write_view(state, Known(side=side, blocks=3, heads=heads))


def back(words, *, side=4):
    return url.read_view(words, known(side))


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (LensState(), {}),
        (LensState(looked_at=True, common=True), {"direction": "key", "scale": "shared"}),
        (LensState(head=(2, 1)), {"head": "3.2"}),
        (
            LensState(
                changes=Intervention(ablated_heads=((0, 1), (2, 0), (2, 1)), use_pos_embed=False)
            ),
            {"ablated": "1.2 3", "positions": "off"},
        ),
        (
            LensState(changes=Intervention(patches={0: None, 5: 6, 6: 5})),
            {"grid": "4", "patches": "1.1-x 2.2-2.3 2.3-2.2"},
        ),
    ],
)
def test_only_what_differs_from_the_default_is_written_and_read_back(state, words):
    assert written(state, side=4, heads=2) == words
    assert back(words) == (state, [])
    assert set(words) <= set(NAMES)


@pytest.mark.parametrize("side", [2, 16])
def test_a_shuffle_is_its_seed_and_what_was_changed_after_it(side):
    order = shuffled(77, side * side)
    assert sorted(order) == list(range(side * side))
    patches = {t: s for t, s in enumerate(order) if s != t} | {3: None}
    state = LensState(changes=Intervention(patches=patches), shuffle=77)
    words = written(state, side=side, heads=2)
    if side == 16:
        assert words["patches"] == "shuffled-77 1.4-x"
    (again, _) = back(words, side=side)
    assert again.changes == state.changes


def test_the_seed_of_a_shuffle_that_was_taken_back_is_not_said():
    state = LensState(changes=Intervention(patches={0: 1, 1: 0}), shuffle=5)
    assert written(state, side=8, heads=2)["patches"] == "1.1-1.2 1.2-1.1"


def test_the_words_of_a_scale_are_those_of_its_buttons():
    page = Path(attention_lens.__file__).with_name("page.html").read_text("utf-8")
    per_map, shared = re.findall(r"data-scale=[^>]*>([^<]+)<", page)
    _, (said,) = back({"scale": "zz"})
    assert said.endswith(f"Showing {per_map}.")
    assert written(LensState(common=True), side=4, heads=2) == {"scale": shared}
    query = re.search(r'data-direction="from"[^>]*>([^<]+)<', page)[1]
    _, (said,) = back({"direction": "up"})
    assert said.endswith(f"Showing {query}.")


def test_a_list_written_by_hand_may_have_commas():
    state, sentences = back({"ablated": "3.2,1", "patches": "1.1-x,2.1-x"})
    assert state.changes.ablated_heads == ((0, 0), (0, 1), (2, 1))
    assert state.changes.patches == {0: None, 4: None}
    assert not sentences


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"direction": "up"}, "direction up."),
        ({"scale": ""}, "scale (empty)."),
        ({"positions": "none"}, "(got none)"),
        ({"head": "4.1"}, "(got 4.1)"),
        ({"head": "1"}, "from 1.1 to 3.2 (got 1)"),
        ({"ablated": "1.3"}, "from 1.1 to 3.2 (got 1.3)"),
        ({"ablated": "¹"}, "(got ¹)"),
        ({"patches": "5.1-x"}, "from 1.1 to 4.4 (got 5.1-x)"),
        ({"patches": "1.1-1.9"}, "(got 1.1-1.9)"),
        ({"patches": "1.1-x 1.1-2.2"}, "(got 1.1-x 1.1-2.2)"),
        ({"patches": "1.1-x", "grid": "8"}, "Grid must be 4 at this patch size (got 8)"),
        ({"ablated": "9" * 500}, "…"),
    ],
)
def test_what_cannot_be_is_the_default_and_one_sentence(query, words):
    state, sentences = back(query)
    assert state == LensState()
    assert len(sentences) == 1
    assert words in sentences[0]


def test_the_link_says_the_whole_page(select):
    lens = LensState(changes=Intervention(ablated_heads=((2, 1),)))
    link = url.address(
        "http://here/attention",
        selection=select(8),
        view=lens,
        pin=Pin(6, 4),
        other="cat",
        fusion="max",
        panel="Export",
    )
    assert link.startswith("http://here/attention?image_source=")
    for part in ("pinned=2.3-of-4", "ablated=3.2", "attention_class=cat", "head_fusion=max"):
        assert part in link
    assert link.endswith("attention_panel=Export")


def unusable(**query):
    return url.selection_errors(query, Known(models=["first"]))[1]


@pytest.mark.parametrize(
    ("page", "name", "valid", "wrong"),
    [
        ("positions", "shuffle", ["0", "9999"], ["x", "-1", "10000", "\u0661"]),
        ("positions", "encoding", ["learned", "sin-cos-2d"], ["sincos2d", "rope"]),
        ("positions", "position_scale", ["centered"], ["own"]),
        ("positions", "token_scale", ["centered"], ["cosine"]),
        ("positions", "after_block", ["0", "6"], ["7", "-1", "x"]),
        ("encoder", "block", ["1", "6"], ["0", "7", "1.5", "\u0661"]),
        ("self_attention", "block", ["1", "6"], ["0", "7"]),
        ("self_attention", "input", ["image"], ["text"]),
        ("self_attention", "tokens", ["2", "6"], ["1", "7", "4.0", "\u0664", ""]),
        ("self_attention", "heads", ["1", "4"], ["0", "5"]),
        ("self_attention", "example_head", ["1", "2"], ["0", "3"]),
        ("self_attention", "image_head", ["1", "3"], ["0", "4"]),
        ("self_attention", "query", ["1", "4"], ["0", "5"]),
        ("self_attention", "score", ["additive"], ["Additive", "cosine"]),
        ("self_attention", "scaling", ["off", "on"], ["no"]),
        ("self_attention", "keys", ["second"], ["Y"]),
        ("self_attention", "seed", ["1", "999"], ["0", "1000", "x"]),
        ("self_attention", "step", ["projections", "sum"], ["Scores", "2"]),
        ("self_attention", "head_dim", ["1", "64", "1024"], ["0", "3", "2048", "064", "1e3"]),
        ("self_attention", "sigma", ["0.5", "1", "2"], ["0", "3", ".5", "1.0", "nan"]),
        ("self_attention", "sample", ["1", "999"], ["0", "1000", "\u0661"]),
        (
            "self_attention",
            "mask",
            ["causal", "custom", "1.2", "1.2 1.3,4.1", "2.2 2.3 2.4"],
            ["hand", "1.5", "5.1", "0.1", "1.2 1.2", "1.1 1.2 1.3 1.4", "1.2-", "\u0661.\u0662"],
        ),
        (
            "self_attention",
            "example",
            ["X-6.5_100", "WQ4-5.3_-0.5,v-1.1_1e-07", "Y-1.1_" + "_".join(["-0.5"] * 15)],
            [
                "X",
                "X-1.1",
                "X-1.1_",
                "X-7.1_1",
                "X-1.6_1",
                "X-6.5_1_2",
                "X-1.1_1_2 X-1.2_3",
                "WQ-1.1_1",
                "WQ5-1.1_1",
                "WO-1.1_1",
                "X-1.1_101",
                "X-1.1_1e9",
                "X-1.1_nan",
                "X-1.1_+1",
                "X-1.1_\u0661",
                "X-1.1_0." + "5" * 2000,
            ],
        ),
        ("encoder", "stage", ["mlp", "softmax"], ["MLP", "?"]),
        ("encoder", "rows", ["all"], ["one"]),
        ("encoder", "terms", ["f", "x"], ["fx", "both"]),
        ("encoder", "residual", ["1.msa.f", "6.mlp.x"], ["0.msa.f", "7.mlp.x", "1.mlp", "1.mlp.y"]),
        ("encoder", "norm", ["layer", "batch", "group", "image"], ["instance"]),
        ("encoder", "batch", ["1", "6"], ["0", "7", "2.0"]),
        ("evaluate", "cell", ["cat-dog", "cat-cat"], ["cat", "cat-cow", "cat-dog-frog"]),
    ],
)
def test_of_a_hidden_field_what_is_not_valid_is_said_on_its_page(page, name, valid, wrong):
    def told(word, where):
        return url.selection_errors({name: word}, Known(blocks=6, heads=3), page=where)

    for word in valid:
        assert told(word, page) == ([], [])
    for word in wrong:
        (unread,), (said,) = told(word, page)
        assert unread == name
        assert url.shown(word) in said
        assert told(word, "overview") == ([], [])


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({}, ["learned", "sin-cos-1d", "sin-cos-2d", "random-init"]),
        ({"positions": "sincos2d"}, ["sin-cos-1d", "sin-cos-2d", "random-init"]),
        ({"positions": "none", "width": 6, "num_heads": 3}, ["sin-cos-1d", "random-init"]),
        ({"width": 9, "num_heads": 3}, ["learned", "random-init"]),
    ],
)
def test_an_encoding_that_the_model_is_not_compared_with_is_said(select, config, words):
    known = url.known_of(select(config=ViTConfig(**config)))
    for word in url_fields.ENCODINGS:
        unread, said = url.selection_errors({"encoding": word}, known, page="positions")
        assert (unread, len(said)) == (([], 0) if word in words else (["encoding"], 1))


EXAMPLE = {
    "input": "image",
    "image_head": 3,
    "tokens": 6,
    "heads": 4,
    "example_head": 4,
    "query": 6,
    "score": "multiplicative",
    "scaling": False,
    "mask": [(1, 3), (6, 1)],
    "keys": "second",
    "seed": 12,
    "step": "softmax",
    "example": [("X", 1, 5, 0.1), ("X", 2, 1, -3.0), ("WQ4", 5, 3, 1e-7), ("v", 1, 2, 1 / 3)],
}


def example_back(values):
    words = url.words_of(values, url_fields.MACHINE, Known(heads=3))
    said = {name: word for name, word in words.items() if word}
    assert all(re.fullmatch(r"[\w .-]+", word, re.ASCII) for word in said.values())
    return words, url.read(said, url_fields.MACHINE, url.of_example(said, Known(heads=3)))[0]


def test_an_example_comes_back_as_it_was():
    words, values = example_back(EXAMPLE)
    assert values == EXAMPLE
    assert words["mask"] == "1.3 6.1"
    assert words["example"] == "X-1.5_0.1_-3 WQ4-5.3_1e-07 v-1.2_0.3333333333333333"
    assert example_back({}) == (dict.fromkeys(url_fields.MACHINE, ""), {})
    for mask in ("causal", []):
        assert example_back({"mask": mask})[1] == {"mask": mask}


@pytest.mark.parametrize(("dimension", "sigma"), [(1, 0.5), (64, 1), (1024, 2)])
def test_what_the_experiment_on_scaling_shows_comes_back(dimension, sigma):
    shown = {"head_dim": dimension, "sigma": sigma, "sample": 999}
    words = url.words_of(shown, url_fields.SCALING, Known())
    assert url.read(words, url_fields.SCALING, Known()) == (shown, [])
    for sent in (None, {"head_dim": 3, "sigma": "x", "sample": []}, {"sigma": 10**400}):
        assert not any(url.words_of(sent, url_fields.SCALING, Known()).values())


@pytest.mark.parametrize("kind", url_fields.ENCODINGS.values())
def test_what_the_figures_of_positions_show_comes_back(kind):
    shown = {"encoding": kind, "position_scale": True, "after_block": 0}
    names = (*url_fields.POSITIONS, *url_fields.TOKENS)
    words = url.words_of({**shown, "token_scale": False}, names, Known(blocks=6))
    said = {name: word for name, word in words.items() if word}
    assert url.read(said, names, Known(blocks=6)) == (shown, [])


def test_every_number_of_the_example_fits_into_a_link(rng):
    edits = [
        (name, i + 1, j + 1, round(float(rng.uniform(-9, 9)), 1))
        for name, (rows, columns) in url_values.MATRICES.items()
        for i in range(rows)
        for j in range(columns)
    ]
    words, values = example_back({"example": [edits[k] for k in rng.permutation(len(edits))]})
    assert values["example"] == edits
    assert len(words["example"]) <= url_values.LONGEST_EXAMPLE


@pytest.mark.parametrize(
    "values",
    [
        None,
        "mask",
        [1],
        {"tokens": True, "heads": 2.5, "query": -1, "seed": {}, "mask": [[1]], "keys": None},
        {"mask": [[1, 1], [1, 2], [1, 3], [1, 4]], "score": "x", "input": 3},
        {"example": [["X", 1, 1, 101]], "mask": 5, "tokens": "six"},
        {"example": [["X", 1, 1, float("nan")]]},
        {"example": [["X", 9, 9, 1]]},
        {"example": [["Q", 1, 1, 1]]},
        {"example": [["X", 1, 1, 1], ["X", 1, 1, 2]]},
        {"example": [["X", 1, 1 + k % 5, 1 / 3] for k in range(200)]},
        {"mask": "causal", "keys": "last", "example": "X-1.1_5"},
    ],
)
def test_of_what_a_browser_sends_nothing_is_believed(values):
    words, _ = example_back(values)
    assert {name for name, word in words.items() if word} <= {"mask"}
    assert words["mask"] in ("", "causal")


def test_possible_values_are_passed_without_a_word():
    assert unusable() == []
    assert (
        unusable(
            image_source="camera",
            image_class="frog",
            image_index="999",
            patch_size="32",
            model="first",
            other="anything",
        )
        == []
    )


def test_each_impossible_value_is_named_with_what_is_shown_instead():
    assert unusable(patch_size="7") == [
        "Patch size must be one of 2, 3, 4, 5, 6, 8, 11, 16, 32 (got 7). Showing 4."
    ]
    assert unusable(model="zzz") == ["Model zzz not found. Showing first."]
    assert unusable(image_source="foo") == [
        "Unknown image source foo. Showing sketch10 (synthetic)."
    ]


@pytest.mark.parametrize(
    ("name", "seen"), [("a\u200bb\x07", "a�b�"), ("\u200b", "�"), ("  ", "(empty)")]
)
def test_a_name_that_cannot_be_printed_leaves_a_mark(name, seen):
    assert unusable(model=name) == [f"Model {seen} not found. Showing first."]


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("pinned", "3.7-of-8"),
        ("pinned", "3.2"),
        ("image_index", "17"),
        ("patch_size", "4"),
        ("head", "2.1"),
        ("ablated", "3.2 1"),
        ("patches", "shuffled-7"),
        ("patches", "1.1-x 2.3-4.2"),
        ("shuffle", "7"),
        ("block", "2"),
        ("mask", "1.2"),
        ("example", "X-1.2_5"),
        ("discard_ratio", "0.5"),
    ],
)
def test_only_digits_of_ascii_are_digits(name, word):
    arabic = word.translate({ord("0") + k: chr(ord("\u0660") + k) for k in range(10)})
    parse = url_fields.FIELDS[name].parse
    assert parse(word, known()) is not None
    assert parse(arabic, known()) is None


@pytest.mark.parametrize(
    "value", ["64", "-1", "0.1", "9.1", "1.9", "", "six", "1.2.3", "9999999.1"]
)
def test_a_patch_that_cannot_be_pinned_is_named(value):
    shown = value or "(empty)"
    assert unusable(pinned=value) == [
        f"Pinned patch must be row.column from 1.1 to 8.8 (got {shown})."
    ]
    assert url.pinned(value) is None
    assert url.selection_errors({"pinned": value}, Known())[0] == ["pinned"]


def test_a_pin_says_in_which_grid_it_was_counted():
    assert url.pinned("8.8-of-8") == Pin(63, 8)
    assert url.pinned("16.1-of-16") == Pin(240, 16)
    assert url.pinned("prefix-2").token == -2
    assert url.pinned("9.1-of-8") is None
    assert url.pinned("prefix-0") is None
    for pin in (Pin(0, 1), Pin(14, 4), Pin(-1, 8)):
        assert url.pinned(url_values.pin_word(pin)).patch(16) == pin.patch(16)
    assert unusable(pinned="4.4", patch_size="8") == []
    assert unusable(pinned="8.8-of-8", patch_size="8") == []


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ({"pinned": "3.7"}, "3.7-of-8"),
        ({"pinned": "3.3", "patch_size": "8"}, "3.3-of-4"),
        ({"pinned": "3.7", "grid": "8", "patch_size": "8"}, "3.7-of-8"),
        ({"pinned": "3.7", "grid": "seven"}, "3.7-of-8"),
        ({"pinned": "9.9"}, "9.9"),
        ({"pinned": "5.1", "patch_size": "8"}, "5.1"),
        ({"pinned": "3.7-of-8", "grid": "4"}, "3.7-of-8"),
    ],
)
def test_a_pin_of_an_earlier_link_is_counted_in_its_grid(query, word):
    assert url.with_present_names(query)["pinned"] == word


def test_a_very_long_value_is_cut():
    (sentence,) = unusable(model="z" * 1000)
    assert len(sentence) < 100


def test_a_link_of_an_earlier_version_is_read():
    old = {
        "picture_source": "cifar10",
        "picture_index": "3",
        "off": "1.2",
        "direction": "looked-at",
        "scale": "common",
        "attention_fusion": "max",
        "attention_panel": "If it stopped here",
        "tour": "vit.3",
    }
    today = url.with_present_names(old)
    assert today == {
        "image_source": "cifar10",
        "image_index": "3",
        "ablated": "1.2",
        "direction": "key",
        "scale": "shared",
        "head_fusion": "max",
        "attention_panel": "Logit lens",
        "tour": "vit.3",
    }
    assert url.with_present_names(today) == today


def test_a_model_that_could_not_be_loaded_is_named_with_the_reason():
    known = Known(models=["first"])
    _, (said,) = url.selection_errors({"model": "broken"}, known, load_error="It is cut off.")
    assert said.startswith("broken could not be loaded: It is cut off. Showing first.")
