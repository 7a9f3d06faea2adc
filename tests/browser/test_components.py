"""The components' scripts in a real browser, each on an empty page and without a server."""

import base64

import numpy as np
import pytest

from explorer.components import attention_lens, pack, ribbon
from explorer.components.attention_lens.payload import Shown, reading_payload
from explorer.components.cut_sizes import cut_payload
from explorer.components.declared import sources
from explorer.readings import Reading, Waiting

FILES = {"lens": attention_lens.FILES}
WAITING = Waiting("Starting the model.", "The picture can be used meanwhile.", 0.4)
PIXELS = np.random.default_rng(1).integers(0, 256, (32, 32, 3), dtype=np.uint8)
MOUNT = """async ([script, name]) => {
    const blob = new Blob([script], { type: 'text/javascript' });
    const component = (await import(URL.createObjectURL(blob))).default;
    globalThis.sent = [];
    globalThis.show = (text) => component({
        data: Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)),
        parentElement: document.querySelector('#root'),
        setStateValue: (name, value) => sent.push(['state', name, value]),
        setTriggerValue: (name, value) => sent.push(['trigger', name, value]),
    });
    globalThis.read = (text, kind) => globalThis.decodeForTests(
        Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)), kind);
}"""


class Stage:
    """One component on an empty page."""

    def __init__(self, page, name):
        self.page = page
        html, css, script = sources(name, **FILES.get(name, {}))
        page.set_content(f"<style>{css}</style><div id='root' style='width: 960px'>{html}</div>")
        page.evaluate(MOUNT, [f"{script}\nglobalThis.decodeForTests = decode;", name])

    def show(self, payload):
        self.page.evaluate("(text) => show(text)", text(payload))

    def read(self):
        return self.page.locator(".read").inner_text()

    def sent(self):
        return self.page.evaluate("sent")

    def settle(self):
        """Wait until what was scheduled has been drawn."""
        self.page.evaluate(
            "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

    def at(self, canvas, row, column, grid):
        box = self.page.locator(canvas).bounding_box()
        side = box["width"] / grid
        return box["x"] + (column - 0.5) * side, box["y"] + (row - 0.5) * side


def text(payload):
    return base64.b64encode(payload).decode()


def reading(grid=4, *, prefix=0, blocks=6, heads=3):
    """A reading in which every token of head 1 looks at the next patch, the others everywhere."""
    count = grid * grid
    tokens = prefix + count
    attention = np.full((blocks, heads, tokens, tokens), 1 / tokens, np.float32)
    attention[:, 0] = 0
    for token in range(tokens):
        attention[:, 0, token, prefix + (token - prefix + 1) % count] = 1
    votes = np.zeros((count, 10), np.float32)
    votes[:, 6] = 9
    probabilities = np.full(10, 0.02, np.float32)
    probabilities[6] = 0.82
    return Reading(
        patch_size=32 // grid,
        grid=(grid, grid),
        prefix=prefix,
        picture=PIXELS,
        embedded=np.random.default_rng(2).normal(size=(tokens, 12)).astype(np.float32),
        attention=attention,
        votes=None if prefix else votes,
        logits=votes.mean(axis=0),
        probabilities=probabilities,
        early=np.tile(probabilities, (blocks + 1, 1)),
        early_by_patch=np.tile(probabilities, (blocks + 1, count, 1)),
        norms=np.ones((blocks + 1, tokens), np.float32),
        seconds=0.007,
    )


def lens_payload(grid=4, *, names=(), **shape):
    answer = reading(grid, prefix=len(names), **shape)
    shown = Shown(place=(0, 0, min(5, grid * grid - 1)), names=names)
    return reading_payload(answer, name=str(grid), shown=shown)


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 1000, "height": 800})
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    page.close()
    assert problems == []


@pytest.fixture
def lens(page):
    return Stage(page, "lens")


@pytest.fixture
def hero(page):
    return Stage(page, "ribbon")


def test_the_browser_reads_what_python_packed(lens):
    codes = np.arange(10, dtype=np.uint8).reshape(2, 5)
    numbers = np.array([0.5, -1.25, 3e30], np.float32)
    payload = pack("demo", {"words": "5 × 5"}, codes=codes, numbers=numbers)
    got = lens.page.evaluate(
        """(text) => { const data = read(text, 'demo');
        return [data.head.words, [...data.codes], [...data.numbers]]; }""",
        text(payload),
    )
    assert got == ["5 × 5", codes.ravel().tolist(), numbers.astype(float).tolist()]


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (pack("thumbnails", {}), '"thumbnails", format 1'),
        (lens_payload()[:-9], '"codes" is cut off'),
        (
            pack("lens", {"state": "problem", "size": [2, 2]}, rgb=PIXELS),
            '"rgb" holds 3072 numbers',
        ),
        (b"\xff\xff\xff\x7f{}", "header is cut off"),
        (b"\x00", "holds no bytes"),
    ],
)
def test_a_payload_that_does_not_fit_is_a_sentence(lens, payload, words):
    lens.show(payload)
    said = lens.page.get_by_role("alert")
    assert words in said.inner_text()
    assert "Reload the page" in said.inner_text()
    lens.show(lens_payload())
    assert said.count() == 0


def test_pointing_shows_where_a_patch_looks(lens):
    lens.show(lens_payload())
    lens.page.mouse.move(*lens.at("canvas.picture", 1, 2, 4))
    lens.settle()
    assert lens.read().startswith(
        "Patch at row 1, column 2. For this patch, head 1 of block 1 looks most at "
        "the patch at row 1, column 3 (100%); mean distance 8.0 pixels."
    )
    assert lens.sent() == []


def test_a_click_pins_and_escape_lets_go(lens):
    lens.show(lens_payload())
    lens.page.mouse.click(*lens.at("canvas.picture", 2, 3, 4))
    lens.page.mouse.move(1, 1)
    lens.settle()
    assert "Patch at row 2, column 3 (pinned)." in lens.read()
    lens.page.locator("canvas.picture").press("Escape")
    lens.settle()
    assert "(pinned)" not in lens.read()
    assert lens.sent() == [["state", "pinned", [6, 4, 4]], ["state", "pinned", None]]


@pytest.mark.parametrize("by", [-0.6, -0.4, 0, 0.4, 0.6])
def test_a_click_beside_a_grid_line_pins_the_patch_that_is_highlighted(lens, by):
    lens.show(lens_payload())
    box = lens.page.locator("canvas.picture").bounding_box()
    middle = box["x"] + box["width"] / 2 + by, box["y"] + box["height"] / 2 + by
    lens.page.mouse.move(*middle)
    lens.settle()
    highlighted = lens.page.locator(".wrap").get_attribute("data-shown")
    lens.page.mouse.click(*middle)
    lens.settle()
    assert lens.page.locator(".wrap").get_attribute("data-pinned") == highlighted
    assert "(pinned)" in lens.read()


def test_a_pin_stays_at_its_place_when_the_patch_size_moves(lens):
    lens.show(lens_payload(4))
    lens.page.mouse.click(*lens.at("canvas.picture", 4, 1, 4))
    lens.page.mouse.move(1, 1)
    lens.show(lens_payload(2))
    assert "Patch at row 2, column 1 (pinned)." in lens.read()
    lens.show(lens_payload(8))
    assert "Patch at row 8, column 2 (pinned)." in lens.read()


def test_keys_move_over_patches_and_choose_maps(lens):
    lens.show(lens_payload())
    picture, heads = lens.page.locator("canvas.picture"), lens.page.locator("canvas.heads")
    picture.press("Home")
    picture.press("ArrowDown")
    picture.press("Enter")
    heads.press("ArrowRight")
    heads.press("ArrowDown")
    lens.settle()
    assert "Patch at row 2, column 1 (pinned). For this patch, head 2 of block 2" in lens.read()
    assert lens.page.locator(".which").inner_text() == "Block 2, head 2"


def test_who_looks_at_a_patch_can_be_asked(lens):
    lens.show(lens_payload())
    lens.page.get_by_role("button", name="is looked at by").click()
    lens.settle()
    assert "looked at most by the patch at row 2, column 1 (100% of that patch" in lens.read()
    assert "receives 1.00 times an even share" in lens.read()


def test_the_class_token_can_look(lens):
    lens.show(lens_payload(names=("class",)))
    lens.page.get_by_role("button", name="[class]").click()
    lens.page.mouse.move(1, 1)
    lens.settle()
    assert lens.read().startswith(
        "The class token (pinned). For this token, head 1 of block 1 looks most at"
    )


def test_one_token_and_144_heads_are_drawn(lens):
    lens.show(lens_payload(1))
    assert "looks most at itself" in lens.read()
    lens.show(lens_payload(16, blocks=12, heads=12))
    assert lens.page.locator(".wrap").get_attribute("data-state") == "reading"


def test_what_is_awaited_keeps_its_place(hero):
    hero.show(ribbon.waiting_payload(WAITING, PIXELS, 8, truth=6))
    awaited = hero.page.locator(".wrap").bounding_box()
    assert "Starting the model. The picture can be used meanwhile." in hero.read()
    hero.show(ribbon.reading_payload(reading(), name="a", truth=6))
    assert hero.page.locator(".wrap").bounding_box() == awaited
    assert hero.page.locator(".bars .top").inner_text().split() == ["frog", "82%"]


def test_a_reading_stays_dimmed_while_its_successor_is_awaited(hero):
    hero.show(ribbon.reading_payload(reading(), name="a", truth=6))
    hero.show(ribbon.waiting_payload(WAITING, PIXELS, 4, truth=6))
    assert hero.page.locator("section.awaited").count() == 3
    assert hero.page.locator(".bars .top .val").inner_text() == "82%"
    hero.page.mouse.move(*hero.at("canvas.picture", 1, 2, 8))
    hero.settle()
    assert "Starting the model." in hero.read()


def test_the_vote_of_a_patch_is_marked_on_the_bars(hero):
    hero.show(ribbon.reading_payload(reading(), name="a", truth=6))
    hero.page.mouse.move(*hero.at("canvas.picture", 1, 2, 4))
    hero.settle()
    assert "Asked alone, it would answer frog (>99%)" in hero.read()
    assert hero.page.locator(".bars.voting").count() == 1


def test_without_votes_there_are_no_marks(hero):
    hero.show(ribbon.reading_payload(reading(prefix=1), name="a", truth=6))
    hero.page.mouse.move(*hero.at("canvas.picture", 1, 2, 4))
    hero.settle()
    assert "has no vote of its own" in hero.read()
    assert hero.page.locator(".bars.voting").count() == 0


def test_a_stage_is_a_command_for_python(hero):
    hero.show(ribbon.reading_payload(reading(), name="a", truth=6))
    hero.page.get_by_role("button", name="Tokens").click()
    assert hero.sent() == [["trigger", "goto", "positions"]]


def test_the_pieces_fall_apart_only_where_motion_is_wanted(page):
    page.emulate_media(reduced_motion="reduce")
    hero = Stage(page, "ribbon")
    for grid in (2, 4):
        hero.show(ribbon.reading_payload(reading(grid), name=str(grid), truth=6))
    hero.settle()
    hero.settle()
    drawings = page.locator(".wrap").evaluate("element => element.__cost.length")
    hero.settle()
    hero.settle()
    assert page.locator(".wrap").evaluate("element => element.__cost.length") == drawings


def test_a_tile_chooses_its_patch_size_and_says_what_is_awaited(page):
    tiles = Stage(page, "cuts")
    tiles.show(cut_payload({4: np.eye(10)[6]}, PIXELS, 4, truth=6, refused={2}))
    assert page.locator("button .a").all_inner_texts() == [
        "no answer",
        "computing",
        "frog",
        *["computing"] * 6,
    ]
    assert "".join(page.locator("button .p").all_inner_texts()) == "100%"
    page.get_by_role("button", name="4 × 4").click()
    page.get_by_role("button", name="11 × 11").click()
    assert tiles.sent() == [["trigger", "patch_size", 11]]
