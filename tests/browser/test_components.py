"""The components' scripts in a real browser, each on an empty page and without a server."""

import numpy as np
import pytest

from explorer.components import pack
from explorer.components.patch_size_tiles.component import cut_payload
from explorer.components.patches.component import patches_payload
from explorer.components.pipeline import component as pipeline
from explorer.components.positions.component import positions_payload
from explorer.results import Pending
from explorer.text.position_encodings import PositionEncoding
from tests.browser.stage import PIXELS, Stage, reading, selection, text
from vitcore.interpret.positions import cosine_similarity

WAITING = Pending("Loading.", "", 0.4)


@pytest.fixture
def hero(page):
    return Stage(page, "pipeline")


def test_the_browser_reads_what_python_packed(hero):
    codes = np.arange(10, dtype=np.uint8).reshape(2, 5)
    numbers = np.array([0.5, -1.25, 3e30], np.float32)
    payload = pack("demo", {"words": "5 × 5"}, codes=codes, numbers=numbers)
    got = hero.page.evaluate(
        """(text) => { const data = read(text, 'demo');
        return [data.head.words, [...data.codes], [...data.numbers]]; }""",
        text(payload),
    )
    assert got == ["5 × 5", codes.ravel().tolist(), numbers.astype(float).tolist()]


def test_a_payload_is_named_by_its_last_bytes_when_it_is_shown_again(hero):
    payload = pipeline.output_payload(reading(), name="a", truth=6)
    element, other = (b"\xff" * 4 + name for name in (b"one.", b"two."))
    hero.show(payload + element + b"payload1")
    shown = hero.read()
    hero.page.evaluate("() => { instance().setData = () => sent.push('drawn'); }")
    hero.show(element + b"payload1")
    assert hero.sent() == []
    hero.show(element + b"payload2")
    hero.show(other + b"payload1")
    assert hero.sent() == [["trigger", "lost", True]] * 2
    assert hero.read() == shown
    hero.show(payload + element + b"payload2")
    assert hero.sent()[2:] == ["drawn"]


def test_what_is_awaited_keeps_its_place(hero):
    hero.show(pipeline.placeholder_payload(WAITING, selection(8)))
    awaited = hero.page.locator(".wrap").bounding_box()
    assert hero.read() == "Loading."
    hero.show(pipeline.output_payload(reading(), name="a", truth=6))
    assert hero.page.locator(".wrap").bounding_box() == awaited
    assert hero.page.locator(".bars .top").inner_text().split() == ["frog", "82%"]


def test_a_reading_stays_dimmed_while_its_successor_is_awaited(hero):
    hero.show(pipeline.output_payload(reading(), name="a", truth=6))
    hero.show(pipeline.placeholder_payload(WAITING, selection(4)))
    assert hero.page.locator("section.awaited").count() == 3
    assert hero.page.locator(".bars .top .val").inner_text() == "82%"
    hero.page.mouse.move(*hero.at("canvas.image", 1, 2, 8))
    hero.settle()
    assert hero.read() == "Loading."


def test_the_logits_of_a_patch_are_marked_on_the_bars(hero):
    hero.show(pipeline.output_payload(reading(), name="a", truth=6))
    hero.page.mouse.move(*hero.at("canvas.image", 1, 2, 4))
    hero.settle()
    assert "frog 99.9%" in hero.read()
    assert hero.page.locator(".bars.with-patch").count() == 1


def test_without_patch_logits_there_are_no_marks(hero):
    hero.show(pipeline.output_payload(reading(prefix=1), name="a", truth=6))
    hero.page.mouse.move(*hero.at("canvas.image", 1, 2, 4))
    hero.settle()
    assert hero.read().startswith("Patch (1, 2). ")
    assert "frog" not in hero.read()
    assert hero.page.locator(".bars.with-patch").count() == 0


@pytest.mark.parametrize(
    ("truth", "said"),
    [(6, "frog 82%"), (3, "frog 82% (true: cat 2.0%)"), (None, "frog 82%")],
)
def test_the_bar_has_the_true_label_where_the_prediction_is_another(hero, truth, said):
    hero.show(pipeline.output_payload(reading(), name="a", truth=truth, mode="strip"))
    assert hero.page.locator(".verdict").inner_text() == said
    underlined = ["frog" if truth == 6 else "cat"] * (truth is not None)
    assert hero.page.locator(".verdict .truth").all_inner_texts() == underlined


def test_a_stage_is_a_command_for_python(hero):
    hero.show(pipeline.output_payload(reading(), name="a", truth=6))
    hero.page.get_by_role("button", name="Tokens").click()
    assert hero.sent() == [["trigger", "goto", "positions"]]


def test_the_pieces_fall_apart_only_where_motion_is_wanted(page):
    page.emulate_media(reduced_motion="reduce")
    hero = Stage(page, "pipeline")
    for grid in (2, 4):
        hero.show(pipeline.output_payload(reading(grid), name=str(grid), truth=6))
    hero.settle()
    hero.settle()
    drawings = page.locator(".wrap").evaluate("element => element.__cost.length")
    hero.settle()
    hero.settle()
    assert page.locator(".wrap").evaluate("element => element.__cost.length") == drawings


def test_a_tile_chooses_its_patch_size_and_says_what_is_awaited(page):
    tiles = Stage(page, "patch_size_tiles")
    tiles.show(cut_payload({4: np.eye(10)[6]}, PIXELS, 4, truth=6, refused={2}))
    assert page.locator("button .a").all_inner_texts() == [
        "–",
        "…",
        "frog",
        *["…"] * 6,
    ]
    assert "".join(page.locator("button .p").all_inner_texts()) == "100%"
    page.get_by_role("button", name="4 × 4").click()
    page.get_by_role("button", name="11 × 11").click()
    assert tiles.sent() == [["trigger", "patch_size", 11]]


def test_the_arithmetic_that_a_finger_asked_for_stays(browser):
    page = browser.new_page(viewport={"width": 420, "height": 900}, has_touch=True)
    heads = Stage(page, "many_heads")
    heads.show(pack("many_heads", {}))
    cell = page.locator(".mat[data-name=out] [role=row]").nth(1).locator("[role=gridcell]").nth(2)
    for _ in range(2):  # the second time, it has the focus already
        cell.tap()
        heads.settle()
        assert heads.read().startswith("output(2, 3)")
    page.close()


def test_a_finger_selects_the_patch_to_follow(browser):
    page = browser.new_page(viewport={"width": 420, "height": 900}, has_touch=True)
    hero = Stage(page, "pipeline")
    hero.show(pipeline.output_payload(reading(), name="a", truth=6))
    page.touchscreen.tap(*hero.at("canvas.image", 2, 3, 4))
    hero.settle()
    assert hero.pinned() == [6, 4, 4]
    page.close()


def test_patches_says_the_largest_dimension_of_the_embedding_itself(page):
    embedding = np.random.default_rng(5).normal(size=(4, 4, 12)).astype(np.float32)
    embedding[0, 0, 3] = 9.0  # of another patch: it sets no scale of what is said
    embedding[1, 2, 7], embedding[1, 2, 8] = -4.0555, 4.0449
    figure = Stage(page, "patches")
    figure.show(patches_payload(np.zeros((4, 4, 8, 8, 3), np.uint8), embedding))
    page.mouse.move(*figure.at("canvas.image", 2, 3, 4))
    figure.settle()
    assert "8 (\N{MINUS SIGN}4.06)" in figure.read()


def test_positions_says_cosines_to_two_decimals(page):
    vectors = np.random.default_rng(6).normal(size=(4, 4, 6))
    similarity = cosine_similarity(vectors)
    figure = Stage(page, "positions")
    kinds = [PositionEncoding("learned", "learned", True, similarity, 0.5)]
    figure.show(positions_payload(PIXELS, kinds))
    for row, column in np.ndindex(4, 4):
        page.mouse.move(*figure.at("canvas.image", row + 1, column + 1, 4))
        figure.settle()
        own = similarity[row, column].ravel()
        others = np.delete(own, 4 * row + column)
        for value in (others.max(), others.min()):
            at = int(np.flatnonzero(own == value)[0])
            written = f"{value:.2f}".replace("-", "\N{MINUS SIGN}")
            assert f"({at // 4 + 1}, {at % 4 + 1}), {written}." in figure.read()
