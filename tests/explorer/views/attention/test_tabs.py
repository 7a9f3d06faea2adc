"""Each panel, opened on answers that are there, awaited or refused."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from explorer import client, url, url_fields
from explorer.client.metrics import metrics_of
from explorer.components.attention_lens.lens_state import LensState
from explorer.data import cifar10_setup
from explorer.records import MAPS, AttributionMaps, HeadRanking
from explorer.results import Failure, Pending, Ready
from explorer.views.attention import export, head_metrics, tabs
from explorer.views.attention.common import CHANGED, UNCHANGED
from explorer.views.attention.view_state import Stored
from vitcore.interpret.deletion_insertion import Curves
from vitcore.interpret.head_ablation import head_effects
from vitcore.intervention import Intervention

WAITING = Pending("Working on it.", "Meanwhile.", 0.4)
PROBLEM = Failure("It broke.", "Choose another.")


@pytest.fixture
def answers(monkeypatch, make_context):
    """What the client says, by name; a test may put something else in their place."""
    rng = np.random.default_rng(0)

    def maps(selection, index, **_):
        rows = rng.random((4, *said["reading"].grid)).astype(np.float32)
        known = dict(zip(MAPS, rows, strict=True))
        size = selection.patch_size
        return Ready(AttributionMaps(patch_size=size, class_index=index, **known))

    def tests(*_, **__):
        lines, areas = rng.random((5, 5)), np.array([0.5, 0.4, 0.2, 0.3, 0.5])
        curves = Curves(np.linspace(0, 1, 5), lines, lines, areas, 1 - areas)
        return Ready((curves, curves))

    def effects():
        blocks, heads = said["reading"].attention.shape[:2]
        ways = 1 + blocks * heads + blocks
        logits = rng.normal(size=(1, ways, 10))
        return head_effects(logits, np.array([6]), blocks=blocks, heads=heads)

    def head_ranking(*_):
        found = effects()
        shape = found.heads.probability.shape
        ranking = HeadRanking(
            class_index=6,
            effects=found,
            before=np.ones(10) / 10,
            heads=np.ones((*shape, 10)) / 10,
            blocks=np.ones((shape[0], 10)) / 10,
        )
        return Ready(ranking)

    def numbers(*_, **__):
        reading = said["reading"]
        pooling = "class" if reading.num_prefix_tokens else "mean"
        mask = np.eye(32, dtype=bool)
        found = metrics_of(
            reading.attention,
            reading.grid,
            image_size=(32, 32),
            prefix=reading.num_prefix_tokens,
            pooling=pooling,
            mask=mask,
        )
        return Ready(found)

    said = {
        "attribution_maps": maps,
        "deletion_insertion": tests,
        "head_ablation": head_ranking,
        "head_ablation_many": lambda *_, **__: Ready(effects(), WAITING),
        "head_metrics": numbers,
        "head_metrics_many": numbers,
        "calls": [],
    }

    def door(name):
        def call(*arguments, **more):
            said["calls"].append(name)
            answer = said[name]
            return answer(*arguments, **more) if callable(answer) else answer

        return call

    for name in set(said) - {"calls"}:
        monkeypatch.setattr(client, name, door(name))
    monkeypatch.setattr(cifar10_setup.Gathering, "ready", False)
    return said


def page(result, selection):
    from explorer.views.attention import tabs

    tabs.draw(result, selection)


@pytest.fixture
def open_panel(answers, make_context):
    def open_panel(panel, patch_size=8, *, kept=None, answer=None, query=(), **rest):
        context = make_context(patch_size, **rest)
        answers["reading"] = context.baseline
        arguments = (answer or Ready(context.baseline), context.selection)
        view = AppTest.from_function(page, args=arguments, default_timeout=20)
        view.query_params.update(query)
        view.session_state["attention_panel"] = panel
        view.session_state["patch_size"] = patch_size
        if kept is not None:
            made = Stored("demo", context.selection.key, kept)
            view.session_state["attention_changes"] = made
        view.run()
        assert not view.exception, view.exception
        return view

    return open_panel


def words(view):
    return " ".join(element.proto.body for element in view.get("html"))


def components(view):
    names = [e.proto.component_name for e in view.get("bidi_component")]
    return [name.removeprefix("vit_explorer.") for name in names]


CASES = [{}, {"prefix": 2}, {"patch_size": 32}, {"patch_size": 3}, {"prefix": 1, "patch_size": 32}]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("panel", tabs.PANELS)
def test_every_panel_opens_on_every_kind_of_reading(open_panel, panel, case):
    view = open_panel(panel, **case)
    assert view.subheader
    assert "figure-state error" not in words(view)


NEEDS = {
    "Attribution": {"attribution_maps", "deletion_insertion"},
    "Head ablation": {"head_ablation", "head_ablation_many"},
    "Head metrics": {"head_metrics"},
    "Logit lens": set(),
    "Export": set(),
}


@pytest.mark.parametrize("panel", NEEDS)
def test_only_the_chosen_panel_computes(open_panel, answers, panel):
    open_panel(panel)
    assert set(answers["calls"]) == NEEDS[panel]


@pytest.mark.parametrize("panel", tabs.PANELS)
@pytest.mark.parametrize(("answer", "state"), [(WAITING, "loading"), (PROBLEM, "error")])
def test_a_reading_that_is_not_there_is_said_in_its_place(open_panel, panel, answer, state):
    view = open_panel(panel, answer=answer)
    assert f"figure-state {state}" in words(view)
    assert answer.message in words(view)


@pytest.mark.parametrize(
    ("panel", "names"),
    [
        ("Attribution", ["attribution_maps"]),
        ("Head ablation", ["head_ablation", "head_ablation_many"]),
        ("Head metrics", ["head_metrics"]),
    ],
)
@pytest.mark.parametrize(("answer", "state"), [(WAITING, "loading"), (PROBLEM, "error")])
def test_an_analysis_that_is_not_there_is_said_in_its_place(
    open_panel, answers, panel, names, answer, state
):
    for name in names:
        answers[name] = answer
    view = open_panel(panel)
    assert words(view).count(f"figure-state {state}") == len(names)


def test_maps_stay_dimmed_until_their_successors_are_there(open_panel, answers, unpack):
    view = open_panel("Attribution")
    answers["attribution_maps"] = WAITING
    view.run()
    (sent,) = view.get("bidi_component")
    assert unpack(sent.proto.bytes)[0]["awaited"] == "Working on it."
    assert "figure-state" not in words(view)


def test_curves_may_come_after_their_maps(open_panel, answers, unpack):
    lines, areas = np.full((5, 5), np.nan), np.full(5, np.nan)
    lines[[0, -1]], areas[[0, -1]] = 0.5, 0.5
    late = Curves(np.linspace(0, 1, 5), lines, lines, areas, areas)
    answers["deletion_insertion"] = lambda *_: Ready((late, late), WAITING)
    (sent,) = open_panel("Attribution").get("bidi_component")
    header, arrays = unpack(sent.proto.bytes)
    tiles = [tile for group in header["groups"] for tile in group["tiles"]]
    assert all(tile["tested"] for tile in tiles)
    assert [tile["curve"] for tile in tiles] == [0, None, None, None, None, None]
    assert header["progress"] == ["Working on it.", 0.4]
    assert not np.isnan(arrays["curves"]).any()


def test_maps_come_one_by_one_each_in_its_place(open_panel, answers, unpack):
    whole = answers["attribution_maps"]

    def maps(*arguments, **rest):
        found = whole(*arguments, **rest)
        return Ready(replace(found.value, relevance=None, occlusion=None), WAITING)

    answers["attribution_maps"] = maps
    view = open_panel("Attribution")
    (sent,) = view.get("bidi_component")
    header, _ = unpack(sent.proto.bytes)
    there = [tile["there"] for group in header["groups"] for tile in group["tiles"]]
    assert there == [True, True, False, False, False, False]
    assert header["progress"] == ["Working on it.", 0.4]
    assert "deletion_insertion" not in answers["calls"]


def test_a_class_that_is_too_unlikely_is_not_tested(open_panel, answers, unpack):
    likely, unlikely = (np.full((5, 5), value) for value in (0.7, 0.017))
    areas = np.full(5, 0.5)
    answers["deletion_insertion"] = lambda *_: Ready(
        tuple(
            Curves(np.linspace(0, 1, 5), lines, lines, areas, areas) for lines in (likely, unlikely)
        )
    )
    (sent,) = open_panel("Attribution").get("bidi_component")
    *_, answer, other = unpack(sent.proto.bytes)[0]["groups"]
    assert (answer["untested"], answer["top"]) == ("", 1.0)
    assert "1.7%" in other["untested"]


def test_one_patch_is_not_tested(open_panel, unpack):
    view = open_panel("Attribution", 32)
    (sent,) = view.get("bidi_component")
    groups = unpack(sent.proto.bytes)[0]["groups"]
    assert not any(tile["tested"] for group in groups for tile in group["tiles"])


def test_maps_are_of_two_classes(open_panel, unpack):
    view = open_panel("Attribution")
    (sent,) = view.get("bidi_component")
    names = [group["name"] for group in unpack(sent.proto.bytes)[0]["groups"]]
    other = view.selectbox(key="attention_class").value
    assert names[:2] == ["Class-agnostic", "Evidence for frog"]
    assert other != "frog"
    view.selectbox(key="attention_class").select("dog").run()
    (sent,) = view.get("bidi_component")
    assert unpack(sent.proto.bytes)[0]["groups"][2]["name"] == "Evidence for dog"


def test_patch_logits_are_shown_with_mean_pooling_only(open_panel):
    assert "attribution_tiles" in components(open_panel("Logit lens"))
    assert "attribution_tiles" not in components(open_panel("Logit lens", prefix=1))


def test_the_logit_lens_follows_the_interventions(open_panel, make_reading, fake_forward):
    changed, asked = make_reading(8, logits=np.eye(10)[2]), []

    def forward(selection):
        asked.append(selection.intervention)
        return changed

    fake_forward(forward)
    kept = Intervention(use_pos_embed=False)
    view = open_panel("Logit lens", kept=kept)
    assert asked == [kept]
    assert CHANGED in words(view)


@pytest.mark.parametrize("panel", ["Attribution", "Head ablation"])
def test_interventions_that_a_tab_leaves_out_are_said(open_panel, panel):
    assert UNCHANGED in words(open_panel(panel, kept=Intervention(ablated_heads=((0, 1),))))
    assert UNCHANGED not in words(open_panel(panel))


def test_metrics_of_this_image_follow_the_interventions(open_panel, answers):
    asked, plain = [], answers["head_metrics"]

    def metrics(selection):
        asked.append(selection.intervention)
        return plain(selection)

    answers["head_metrics"] = metrics
    kept = Intervention(ablated_heads=((0, 1),))
    view = open_panel("Head metrics", kept=kept)
    assert asked == [kept]
    assert CHANGED in words(view)
    view.segmented_control(key="attention_over").select("many").run()
    assert UNCHANGED in words(view)


def test_only_metrics_that_there_are_are_offered(open_panel):
    options = open_panel("Head metrics").selectbox(key="attention_number").options
    assert "Attention to the class token" not in options
    options = open_panel("Head metrics", prefix=1).selectbox(key="attention_number").options
    assert "Attention to the class token" in options
    assert "Mean distance (not renormalized)" in options


def test_one_token_has_no_metrics(open_panel, answers):
    answers["head_metrics"] = answers["head_metrics_many"] = None  # not asked for
    view = open_panel("Head metrics", patch_size=32)
    for over in ("this", "many"):
        view.segmented_control(key="attention_over").select(over).run()
        assert "figure-state empty" in words(view)


def test_one_patch_and_a_class_token_have_metrics(open_panel):
    assert "figure-state" not in words(open_panel("Head metrics", patch_size=32, prefix=1))


@pytest.mark.parametrize("number", range(6))
def test_every_number_is_drawn(open_panel, number):
    view = open_panel("Head metrics", prefix=1)
    view.selectbox(key="attention_number").select_index(number).run()
    assert not view.exception
    assert view.subheader


def test_the_script_and_the_link_are_handed_out(open_panel):
    view = open_panel("Export", kept=None)
    link, text = (code.value for code in view.code)
    assert "image_source=cifar10&image_class=frog&image_index=0&patch_size=8" in link
    assert "vitcore.load('demo')" in text
    compile(text, "<script>", "exec")


def test_what_is_chosen_in_export_changes_the_script_and_the_link(open_panel):
    view = open_panel("Export", kept=None)
    link, text = (code.value for code in view.code)
    view.slider(key="discard_ratio").set_value(0.3).run()
    new_link, new_text = (code.value for code in view.code)
    assert set(new_link.split("&")) - set(link.split("&")) == {"discard_ratio=0.3"}
    (line,) = set(new_text.splitlines()) - set(text.splitlines())
    assert "discard_ratio=0.3" in line


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"attention_panel": "zzz"}, "tab: zzz."),
        ({"attention_class": ""}, "with: (empty)."),
        ({"head_fusion": "m" * 50}, f"head fusion: {'m' * 40}…."),
        ({"discard_ratio": "1"}, "(got 1)"),
        ({"discard_ratio": "nan"}, "(got nan)"),
    ],
)
def test_a_link_that_asks_for_what_there_is_not_is_answered(query, said):
    (sentence,) = url.read(query, url_fields.TABS, url_fields.Known())[1]
    assert said in sentence


def test_a_link_that_can_be_followed_needs_no_words():
    query = {
        "attention_panel": "Export",
        "attention_class": "dog",
        "discard_ratio": "0.3",
    }
    assert not url.read(query, url_fields.TABS, url_fields.Known())[1]


def test_a_ratio_that_is_not_believed_is_not_shown_either(open_panel):
    view = open_panel("Attribution", query={"discard_ratio": "\u0660.\u0665"})
    assert "(got \u0660.\u0665). Using 0." in words(view)
    assert view.slider(key="discard_ratio").value == 0


def test_the_words_stay_until_a_panel_is_chosen(open_panel):
    view = open_panel("Attribution")
    view.session_state["attention_link_notes"] = ["Panel zzz is not one."]
    view.run()
    assert "Panel zzz is not one." in words(view)


@pytest.mark.parametrize(
    ("side", "factor"), [(32, 16), (30, 18), (33, 16), (35, 15), (512, 1), (600, 1)]
)
def test_an_image_for_a_slide_repeats_each_pixel(rng, side, factor):
    pixels = rng.integers(0, 256, (side, side, 3), dtype=np.uint8)
    large = np.asarray(Image.open(io.BytesIO(export.png(export.enlarged(pixels)))))
    assert large.shape[0] == large.shape[1] == side * factor >= 512
    rows, columns = np.indices(large.shape[:2]) // factor
    np.testing.assert_array_equal(large, pixels[rows, columns])


def test_the_archive_has_the_exact_pixels(make_context):
    context = make_context(5)
    pixels = context.selection.image.pixels
    with np.load(io.BytesIO(export.activations_npz(context.baseline, pixels))) as found:
        np.testing.assert_array_equal(found["image"], pixels)
        np.testing.assert_array_equal(found["model_input"], context.baseline.image)
        assert found["image"].dtype == found["model_input"].dtype == np.uint8


def test_all_heads_are_those_that_the_lens_shows(make_context):
    averaged = make_context(8)
    context = replace(averaged, selection=replace(averaged.selection, pinned=5))
    attention, prefix = context.baseline.attention, context.baseline.num_prefix_tokens
    how = {True: attention[:, :, prefix:, prefix + 5], False: attention[:, :, prefix + 5, prefix:]}
    for looked_at, expected in how.items():
        lens = LensState(looked_at=looked_at)
        maps = export.maps_of(context, context.baseline, lens)
        np.testing.assert_array_equal(maps.reshape(expected.shape), expected)
    said = [export.whose(context, LensState(looked_at=way)) for way in how]
    assert said == ["Attention to key (2, 2)", "Attention of query (2, 2)"]
    assert "averaged over queries" in export.whose(averaged, LensState())
    assert "class token" in export.whose(make_context(8, prefix=1), LensState())


def test_the_head_shown_large_is_marked_among_the_metrics(open_panel, monkeypatch):
    drawn = []
    monkeypatch.setattr(head_metrics, "chart", lambda figure, *_, **__: drawn.append(figure))
    monkeypatch.setattr(head_metrics.view_state, "lens_state", lambda *_: LensState(head=(0, 1)))
    open_panel("Head metrics")
    (circles,) = [t for t in drawn[0].data if t.name == "head"]
    filled = np.array(circles.marker.symbol) == "circle"
    assert [list(place) for place in np.array(circles.customdata)[filled]] == [[0, 1]]
