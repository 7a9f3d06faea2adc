"""The lens under a moving pointer: the interval between frames, and the bytes to the server."""

import numpy as np

from explorer.components.attention_lens.payload import Shown, output_payload
from explorer.records import ModelOutput
from tests.bench.table import Row
from tests.browser.person import Person
from tests.browser.server import Server
from tests.browser.stage import Stage

FRAMES = 150
SMOOTH = 16.8  # ms: sixty frames a second, to the precision of the browser's clock
SHAPES = {  # blocks, heads, grid, tokens before the patches
    "6 x 4 heads, 64 tokens": (6, 4, 8, 0),
    "6 x 4 heads, 256 tokens": (6, 4, 16, 0),
    "12 x 12 heads, 197 tokens": (12, 12, 14, 1),
}
# One move per frame, each to another patch; the frame after it begins once the lens has drawn.
HOVER = """async (frames) => {
    const canvas = document.querySelector('canvas.image'), intervals = [];
    const frame = () => new Promise(requestAnimationFrame);
    let last = await frame();
    for (let i = 0; i < frames; i++) {
        const box = canvas.getBoundingClientRect(), [rows, columns] = instance().grid;
        const row = (i * 5) % rows, column = (i * 3) % columns;
        canvas.dispatchEvent(new PointerEvent('pointermove', {
            pointerType: 'mouse',
            clientX: box.left + (column + 0.5) * box.width / columns,
            clientY: box.top + (row + 0.5) * box.height / rows,
        }));
        const now = await frame();
        intervals.push(now - last);
        last = now;
    }
    return intervals.slice(5);
}"""
IDLE = """async (frames) => {
    const frame = () => new Promise(requestAnimationFrame), intervals = [];
    let last = await frame();
    for (let i = 0; i < frames; i++) {
        const now = await frame();
        intervals.push(now - last);
        last = now;
    }
    return intervals.slice(5);
}"""
# Enter switches the chosen head; what is shown is dimmed until its answer is drawn.
SWITCH = """async (heads) => {
    const lens = heads.closest('.lens'), frame = () => new Promise(requestAnimationFrame);
    const start = performance.now();
    heads.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter' }));
    do await frame(); while (lens.classList.contains('pending'));
    await frame();
    return performance.now() - start;
}"""
MOVES = 60


def measure(browser, home, folder) -> list[Row]:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_content("<p>nothing</p>")
    rows = [Row("frame interval, an empty page", page.evaluate(IDLE, FRAMES), "ms")]
    for name, shape in SHAPES.items():
        lens = Stage(page, "attention_lens")
        lens.show(payload(*shape))
        intervals = page.evaluate(HOVER, FRAMES)
        drawing = page.locator(".wrap").evaluate("element => element.__cost")
        rows += [
            Row(f"frame interval, pointing: {name}", intervals, "ms", bound=SMOOTH),
            Row(f"drawing one frame: {name}", drawing, "ms"),
        ]
    page.close()
    home.mkdir(parents=True)
    with Server(home / "app", data=folder) as server:
        rows += in_the_app(browser, server)
    return rows


def payload(blocks, heads, side, prefix) -> bytes:
    """Random attention of one shape, as the lens is sent it."""
    rng = np.random.default_rng(0)
    tokens = prefix + side * side
    scores = np.exp(2 * rng.normal(size=(blocks, heads, tokens, tokens))).astype(np.float32)
    probabilities = np.full(10, 0.1, np.float32)
    blank = np.zeros((), np.float32)
    reading = ModelOutput(
        patch_size=4,
        grid=(side, side),
        num_prefix_tokens=prefix,
        image=rng.integers(0, 256, (4 * side, 4 * side, 3), dtype=np.uint8),
        tokens=blank,
        attention=scores / scores.sum(axis=-1, keepdims=True),
        patch_logits=None,
        logits=probabilities,
        probabilities=probabilities,
        logit_lens=blank,
        patch_logit_lens=blank,
        token_norms=blank,
        seconds=0.0,
    )
    return output_payload(reading, name="a", shown=Shown(names=("class",) * prefix))


def in_the_app(browser, server) -> list[Row]:
    """Bytes sent while pointing, and from a head switched off to the answer's new bars."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    sent = []
    page.on("websocket", lambda s: s.on("framesent", lambda frame: sent.append(len(frame))))
    person = Person(page, server.address).opens("Attention", image_source="sketch10")
    person.waits_for_answer()
    page.wait_for_timeout(3000)
    sent.clear()
    box = page.locator(".lens canvas.image").bounding_box()
    for move in range(MOVES):
        share = (move + 0.5) / MOVES
        page.mouse.move(box["x"] + share * box["width"], box["y"] + share * box["height"])
    pointing = float(sum(sent))
    heads = page.locator(".lens canvas.heads")
    times = [heads.evaluate(SWITCH) for _ in range(6)]
    page.close()
    return [
        Row(f"bytes to the server in {MOVES} moves", [pointing], "B", bound=0),
        Row("a head switched off or on to the answer's new bars", times, "ms"),
    ]
