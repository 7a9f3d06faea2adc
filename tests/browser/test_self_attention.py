"""The Self-attention machine on an empty page: keys, dragging, and what follows from an edit."""

import re
from dataclasses import replace

import numpy as np
import pytest

from explorer.components import pack
from explorer.components.self_attention.payload import (
    block_parts,
    image_payload,
    placeholder_payload,
)
from explorer.records import AttentionInputs
from explorer.results import Pending
from explorer.text.findings import percent
from tests.browser.stage import PIXELS, Stage
from vitcore.config import PRESETS
from vitcore.initialisation import initial_weights

TOKENS = np.array([[0, 1, 1, 2, 3], [2, 0, 1, 1, 0], [1, 3, 0, 0, 2], [0, 1, 2, 0, 1]])
MATRIX = """(name) => { const s = globalThis.__vitExplorerSelfAttention, M = s.run()[name];
    return [M.rows, M.cols, [...M.v]]; }"""
SHARED = "(name) => globalThis.__vitExplorerSelfAttention[name]"
SMALL = replace(PRESETS["flexi"], width=12, num_heads=2, depth=2, mlp_dim=4, registers=1)
GRID = 4


@pytest.fixture
def machine(page):
    stage = Stage(page, "self_attention")
    stage.show(placeholder_payload(Pending("Loading", ""), {}))
    stage.settle()
    return stage


def matrix(stage, name):
    stage.settle()
    rows, columns, values = stage.page.evaluate(MATRIX, name)
    return np.reshape(values, (rows, columns))


def cell(stage, name, i, j):
    box = stage.page.locator(f".layer.example .mat[data-name={name}]")
    return box.locator(".line").nth(i).locator(".cell").nth(j)


def focused(stage):
    return stage.page.evaluate("() => Object.values(document.activeElement.at ?? {})")


def softmax(scores):
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def test_a_typed_weight_changes_all_that_follows_from_it(machine):
    wq, wk, wv = (matrix(machine, name) for name in ("WQ", "WK", "WV"))
    cell(machine, "WQ", 4, 1).focus()
    machine.page.keyboard.type("-1.5")
    machine.page.keyboard.press("Enter")
    wq[4, 1] = -1.5
    np.testing.assert_allclose(matrix(machine, "WQ"), wq)
    weights = softmax((TOKENS @ wq) @ (TOKENS @ wk).T / np.sqrt(3))
    np.testing.assert_allclose(matrix(machine, "A"), weights, atol=1e-12)
    np.testing.assert_allclose(matrix(machine, "C"), weights @ (TOKENS @ wv), atol=1e-12)
    assert focused(machine) == ["WQ", 4, 1]
    shown = float(cell(machine, "Q", 0, 1).inner_text().replace("−", "-"))
    assert shown == pytest.approx((TOKENS @ wq)[0, 1], abs=0.005)


@pytest.mark.parametrize("width", [960, 720, 388])
@pytest.mark.parametrize(("name", "i", "j", "typed"), [("X", 0, 3, "7.37"), ("WK", 4, 1, "-0.25")])
def test_a_typed_decimal_leaves_the_other_cells_as_they_are(machine, width, name, i, j, typed):
    def texts():
        return machine.page.locator(f".layer.example .mat[data-name={name}] .cell").evaluate_all(
            "(cells) => cells.map((one) => [one.innerText, getComputedStyle(one).fontSize])"
        )

    machine.page.locator("#root").evaluate("(root, w) => (root.style.width = `${w}px`)", width)
    machine.settle()
    before = matrix(machine, name).astype(float)
    sizes = {size for _, size in texts()}
    cell(machine, name, i, j).focus()
    machine.page.keyboard.type(typed)
    machine.page.keyboard.press("Enter")
    before[i, j] = float(typed)
    assert matrix(machine, name)[i, j] == float(typed)
    said = texts()
    assert [text for text, _ in said] == [f"{v:g}".replace("-", "−") for v in before.ravel() + 0.0]
    assert len(sizes) == 1
    assert len({size for _, size in said}) == 1, said
    size = said[0][1]
    assert float(size[:-2]) >= 0.85 * float(sizes.pop()[:-2])


def test_arrow_keys_stay_within_a_matrix(machine):
    cell(machine, "X", 0, 0).focus()
    for key, at in [
        ("ArrowUp", [0, 0]),
        ("ArrowRight", [0, 1]),
        ("ArrowDown", [1, 1]),
        ("End", [1, 4]),
        ("ArrowRight", [1, 4]),
        ("Home", [1, 0]),
    ]:
        machine.page.keyboard.press(key)
        assert focused(machine) == ["X", *at]
    assert "dimension 1 of token 2" in machine.read()


def test_an_editor_steps_and_goes_on_by_tab_and_escape_keeps_the_value(machine):
    before = matrix(machine, "WV")
    keys = machine.page.keyboard
    cell(machine, "WV", 0, 2).focus()
    keys.press("Enter")
    keys.press("ArrowUp")
    keys.press("Shift+ArrowDown")
    keys.press("Tab")
    assert machine.page.locator("input.edit").input_value() == f"{before[1, 0]:g}"
    keys.type("7")
    keys.press("Escape")
    before[0, 2] -= 0.9
    np.testing.assert_allclose(matrix(machine, "WV"), before, atol=1e-9)
    assert focused(machine) == ["WV", 1, 0]


def test_what_is_refused_is_said_at_the_cell(machine):
    before = matrix(machine, "X")
    cell(machine, "X", 1, 1).focus()
    machine.page.keyboard.press("Backspace")
    machine.page.keyboard.press("Enter")
    np.testing.assert_array_equal(matrix(machine, "X"), before)
    alert = machine.page.get_by_role("alert")
    assert alert.is_visible()
    assert "bad" in cell(machine, "X", 1, 1).get_attribute("class")
    machine.page.keyboard.press("Escape")
    machine.settle()
    assert not alert.is_visible()


PASTE = """(text) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text', text);
    document.activeElement.dispatchEvent(
        new ClipboardEvent('paste', {clipboardData, bubbles: true, cancelable: true}));
}"""


@pytest.mark.parametrize(
    "text", ["1.5\t-2\n0\t4", "[[ 1.5 -2. ]\n [ 0.   4. ]]", "array([[1.5, -2],\n       [0, 4]])"]
)
@pytest.mark.parametrize("editing", [False, True])
def test_a_pasted_block_fills_the_cells_to_the_right_and_down(machine, text, editing):
    expected = matrix(machine, "WK")
    expected[2:4, 1:3] = [[1.5, -2], [0, 4]]
    cell(machine, "WK", 2, 1).focus()
    if editing:
        machine.page.keyboard.press("Enter")
    machine.page.evaluate(PASTE, text)
    np.testing.assert_array_equal(matrix(machine, "WK"), expected)
    assert focused(machine) == ["WK", 2, 1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1 2\n3 4\n5 6\n7 8", "3 × 2"),
        ("1 2\n3", "rectangle"),
        ("1 2\n3 frog", "frog"),
        ("1\tnan", "nan"),
    ],
)
def test_a_pasted_block_that_does_not_fit_changes_nothing(machine, text, said):
    before = matrix(machine, "WK")
    cell(machine, "WK", 2, 1).focus()
    machine.page.evaluate(PASTE, text)
    np.testing.assert_array_equal(matrix(machine, "WK"), before)
    assert said in machine.page.get_by_role("alert").inner_text()


@pytest.mark.parametrize(("pixels", "by"), [(50, 1.0), (-25, -0.5), (3, 0.0)])
def test_dragging_changes_a_weight_by_a_tenth_every_five_pixels(machine, pixels, by):
    before = matrix(machine, "WK")
    box, mouse = cell(machine, "WK", 2, 2).bounding_box(), machine.page.mouse
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    mouse.move(x, y)
    mouse.down()
    mouse.move(x + pixels / 2, y)
    mouse.move(x + pixels, y)
    mouse.up()
    before[2, 2] += by
    np.testing.assert_allclose(matrix(machine, "WK"), before, atol=1e-9)
    assert machine.page.locator("input.edit").is_visible() == (by == 0)  # that was a click


def test_enter_masks_a_key_but_not_the_last_one(machine):
    machine.page.locator("[data-mask=hand]").click()
    cell(machine, "Z", 0, 0).focus()
    for _ in range(4):
        machine.page.keyboard.press("Enter")
        machine.page.keyboard.press("ArrowRight")
    weights = matrix(machine, "A")
    np.testing.assert_allclose(weights[0], [0, 0, 0, 1])
    assert (weights[1:] > 0).all()
    assert machine.page.get_by_role("alert").is_visible()


OWN_WEIGHTS = {"dot": set(), "multiplicative": {"WS"}, "additive": {"W1", "W2", "v"}}


@pytest.mark.parametrize("tokens", [2, 4, 6])
@pytest.mark.parametrize("kind", list(OWN_WEIGHTS))
@pytest.mark.parametrize(("size", "width"), [(16, 948), (16, 1240), (16, 388), (20, 1204)])
def test_nothing_of_the_machine_stands_on_anything_else(machine, size, width, kind, tokens):
    style = f"html {{ font-size: {size}px }} #root {{ width: {width}px !important }}"
    machine.page.add_style_tag(content=style)  # larger as in the presenter's view
    machine.page.evaluate(
        "(set) => globalThis.__vitExplorerSelfAttention.set(set)", {"kind": kind, "count": tokens}
    )
    machine.settle()

    def boxes(place):
        found = machine.page.locator(f".layer.example {place}:visible").all()
        return [(one.inner_text(), *one.bounding_box().values()) for one in found]

    found = [*boxes(".title"), *boxes(".name.column"), *boxes(".mat")]
    for k, (what, x, y, wide, high) in enumerate(found):
        for other, left, top, w, h in found[:k]:
            over = min(x + wide, left + w) - max(x, left), min(y + high, top + h) - max(y, top)
            assert min(over) < 1, (what, other)


@pytest.mark.parametrize("kind", list(OWN_WEIGHTS))
def test_the_weights_of_a_score_stand_before_it(machine, kind):
    machine.page.locator(".kind").select_option(kind)
    machine.settle()
    place = ".layer.example .mat[data-name={}]"
    queries, scores = (machine.page.locator(place.format(one)).bounding_box() for one in "QS")
    for name in set().union(*OWN_WEIGHTS.values()):
        weights = machine.page.locator(place.format(name))
        assert weights.is_visible() == (name in OWN_WEIGHTS[kind])
        if name in OWN_WEIGHTS[kind]:
            box = weights.bounding_box()
            assert queries["x"] + queries["width"] < box["x"]
            assert box["x"] + box["width"] < scores["x"]
    words = machine.page.locator(".layer.example svg").text_content()
    assert words.count("K⊤") == {"dot": 2, "multiplicative": 1, "additive": 0}[kind]


def test_enter_selects_the_query_of_a_row(machine):
    cell(machine, "A", 2, 0).focus()
    machine.page.keyboard.press("Enter")
    assert machine.page.evaluate(SHARED, "query") == 2


def test_the_second_sequence_gives_keys_and_values_and_can_be_edited(machine):
    machine.page.locator("[data-mask=causal]").click()
    machine.page.locator("[data-cross='1']").click()
    x, wq, wk, wv = (matrix(machine, name) for name in ("X", "WQ", "WK", "WV"))
    assert machine.page.locator("[data-mask=causal]").is_disabled()
    y = matrix(machine, "Y").astype(float)
    cell(machine, "Y", 2, 4).focus()
    machine.page.keyboard.type("2.5")
    machine.page.keyboard.press("Enter")
    y[2, 4] = 2.5
    weights = softmax((x @ wq) @ (y @ wk).T / np.sqrt(3))
    assert weights.shape == (4, 3)
    np.testing.assert_allclose(matrix(machine, "A"), weights, atol=1e-12)
    np.testing.assert_allclose(matrix(machine, "C"), weights @ (y @ wv), atol=1e-12)
    strongest = int(weights[0].argmax())
    lead = machine.page.locator(".lead").inner_text()
    assert percent(float(weights[0, strongest])) in lead
    assert f"y{strongest + 1}" in lead
    cell(machine, "K", 2, 0).click()  # of the second sequence: no query
    assert machine.page.evaluate(SHARED, "query") == 0


@pytest.mark.parametrize("count", [2, 6])
def test_another_number_of_tokens_leaves_the_second_sequence(machine, count):
    machine.page.locator("[data-cross='1']").click()
    step = machine.page.locator(f".count button[data-by='{1 if count > 4 else -1}']")
    for _ in range(2):
        step.click()
    for name, shape in {"Q": (count, 3), "K": (3, 3), "A": (count, 3), "C": (count, 3)}.items():
        assert matrix(machine, name).shape == shape
    assert machine.page.locator(".layer.example .mat[data-name=R] .line").count() == 3


def test_without_the_second_sequence_all_is_as_before(machine):
    before = matrix(machine, "C")
    machine.page.locator("[data-cross='1']").click()
    machine.page.locator("[data-mask=hand]").click()
    machine.page.locator("[data-cross='']").click()
    np.testing.assert_array_equal(matrix(machine, "C"), before)
    assert machine.page.evaluate(SHARED, "maskKind") == "none"
    assert machine.page.locator(".layer.example .mat[data-name=Y]").is_hidden()


@pytest.mark.parametrize("kind", ["causal", "hand"])
def test_the_mask_comes_back_when_the_second_sequence_goes(machine, kind):
    page = machine.page
    page.locator(f"[data-mask={kind}]").click()
    if kind == "hand":
        cell(machine, "Z", 1, 2).click()
    before = matrix(machine, "A")
    assert (before == 0).any()
    for masked in (0, 1):  # the second sequence has a mask of its own
        page.locator("[data-cross='1']").click()
        assert (matrix(machine, "A") == 0).sum() == masked
        if not masked:
            page.locator("[data-mask=hand]").click()
            cell(machine, "Z", 0, 0).click()
        page.locator("[data-cross='']").click()
        np.testing.assert_array_equal(matrix(machine, "A"), before)
        assert page.locator(f"[data-mask={kind}]").get_attribute("aria-pressed") == "true"


def shown_on_image(page, rng):
    """The machine over an image, and its attention weights in NumPy: (H, T, T)."""
    weights = initial_weights(SMALL)
    count, d = GRID**2 + 1, SMALL.d
    tokens = rng.normal(size=(SMALL.depth, count, SMALL.width)).astype(np.float32)
    kernel = rng.normal(0, 0.3, (SMALL.width, 3 * SMALL.width)).astype(np.float32)
    weights["block_01/attention/qkv_kernel"] = kernel
    bias = weights["block_01/attention/qkv_bias"]
    inputs = AttentionInputs(grid=(GRID, GRID), num_prefix_tokens=1, image=PIXELS, tokens=tokens)
    stage = Stage(page, "self_attention")
    stage.show(image_payload(block_parts(inputs, weights, SMALL, block=1, head=1), {}))
    stage.page.locator("[data-mode=image]").click()
    stage.settle()
    q, k, _ = (
        (tokens[1] @ kernel + bias).reshape(count, 3, SMALL.num_heads, d).transpose(1, 2, 0, 3)
    )
    return stage, softmax(q @ k.transpose(0, 2, 1) / np.sqrt(d))


@pytest.fixture
def on_image(page, rng):
    return shown_on_image(page, rng)


def test_the_arithmetic_that_a_finger_asked_for_stays(browser, rng):
    page = browser.new_page(viewport={"width": 420, "height": 900}, has_touch=True)
    stage, weights = shown_on_image(page, rng)
    canvas = page.locator(".heat[data-matrix=A] canvas")
    box, count = canvas.bounding_box(), GRID**2 + 1
    at = {"x": box["width"] * 5.5 / count, "y": box["height"] * 3.5 / count}
    for _ in range(2):  # the second time, it has the focus already
        canvas.tap(position=at)
        stage.settle()
        assert page.locator(".read").inner_text().endswith(f"= {weights[1, 3, 5]:.2f}")
    page.close()


def test_the_row_of_a_token_is_called_by_its_name(on_image):
    stage, _ = on_image
    strip = stage.page.locator(".strip canvas").first
    stage.page.locator(".photo canvas").press("Home")
    stage.settle()
    assert strip.get_attribute("aria-label").endswith("row of patch 1")
    stage.page.locator(".prefix button").click()
    stage.settle()
    assert strip.get_attribute("aria-label").endswith("row of register 1")
    stage.page.locator(".heat[data-matrix=X] canvas").focus()
    for row, name in enumerate(["register 1", "patch 1", "patch 2"]):
        assert stage.read().endswith(f"dimension 1 of {name}."), row
        stage.page.keyboard.press("ArrowDown")


@pytest.mark.parametrize("touch", [False, True])
def test_the_arithmetic_of_the_heads_stays_when_its_row_becomes_the_query(browser, rng, touch):
    page = browser.new_page(viewport={"width": 1280, "height": 1200}, has_touch=touch)
    _, weights = shown_on_image(page, rng)
    heads = Stage(page, "many_heads")  # over the image of the machine that was there
    heads.show(pack("many_heads", {}))
    canvas = page.locator(".heat[data-matrix=A1] canvas")
    box, count = canvas.bounding_box(), GRID**2 + 1
    for query, key in [(3, 5), (3, 5), (7, 2)]:  # the second time, it has the focus already
        at = {"x": box["width"] * (key + 0.5) / count, "y": box["height"] * (query + 0.5) / count}
        (canvas.tap if touch else canvas.click)(position=at)
        heads.settle()
        assert heads.read().endswith(f"= {weights[1, query, key]:.2f}")
        assert heads.pinned() == [query - 1, GRID, GRID]
    page.close()


def test_arrow_keys_move_the_query_over_the_image(on_image):
    stage, weights = on_image
    image = stage.page.locator(".photo canvas")
    image.focus()
    for key in ("Home", "ArrowRight", "ArrowDown"):
        image.press(key)
    stage.settle()
    row, column = 1, 1
    query = 1 + row * GRID + column
    key = int(weights[1, query].argmax())
    name = f"patch ({(key - 1) // GRID + 1}, {(key - 1) % GRID + 1})" if key else "register 1"
    finding = stage.page.locator(".lead").inner_text()
    assert f"patch ({row + 1}, {column + 1})" in finding
    assert ("itself" if key == query else name) in finding
    assert percent(float(weights[1, query, key])) in finding
    image.press("Enter")
    image.blur()
    stage.settle()
    assert stage.page.locator(".lead").inner_text() == finding  # pinned, it stays
    image.press("Escape")
    image.blur()
    stage.settle()
    assert stage.page.locator(".lead").inner_text() != finding


def test_the_widths_of_the_model_stand_side_by_side(on_image):
    stage, _ = on_image
    said = stage.page.locator(".widths").inner_text()
    wanted = [SMALL.width, SMALL.num_heads, SMALL.width // SMALL.num_heads]
    assert [int(number) for number in re.findall(r"= (\d+)", said)] == wanted


def test_another_block_is_asked_of_the_server(on_image):
    stage, _ = on_image
    stage.page.get_by_role("group", name="Block").get_by_text("1", exact=True).click()
    assert stage.sent() == [
        ["trigger", "view", {"input": "image"}],
        ["trigger", "block", 0],
        ["trigger", "view", {"input": "image", "image_head": 2}],  # which stays
    ]
