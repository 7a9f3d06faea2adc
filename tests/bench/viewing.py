"""A saved view of `vitcore.show`: its size, opening it, and pointing at it."""

from statistics import median

import numpy as np

import vitcore
from tests.bench.hovering import FRAMES, HOVER, IDLE, SMOOTH
from tests.bench.table import Row

REPEATS = 5
SHAPES = {  # blocks, heads, grid, tokens before the patches, MB at most, s at most, ms at most
    "6 x 3 heads, 68 tokens": (6, 3, 8, 4, 0.4, 1.0, SMOOTH),
    "12 x 12 heads, 197 tokens": (12, 12, 14, 1, 8.0, 1.0, SMOOTH),
    "24 x 16 heads, 257 tokens": (24, 16, 16, 1, None, None, None),
}
IN_VIEW = """async (frames) => {
    const host = document.querySelector('[data-vit-lens]');
    globalThis.instance = () => host.__vitView;
    const inside = (selector) => host.shadowRoot.querySelector(selector);
    const document_ = { querySelector: inside };
    return (%s)(frames);
}"""


def measure(browser, home, folder) -> list[Row]:  # noqa: ARG001 - the image is made up
    home.mkdir(parents=True)
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_content("<p>nothing</p>")
    idle = page.evaluate(IDLE, FRAMES)
    rows = [Row("frame interval, an empty page", idle, "ms", ratio=1.0)]
    for name, (*shape, largest, slowest, smooth) in SHAPES.items():
        path = view(*shape).save(home / "view.html")
        opened = [opening(page, path) for _ in range(REPEATS)]
        intervals = page.evaluate(IN_VIEW % HOVER.replace("document.", "document_."), FRAMES)
        drawing = page.locator(".wrap").evaluate("element => element.__cost")
        rows += [
            Row(f"size of a view: {name}", [path.stat().st_size / 1e6], "MB", bound=largest),
            Row(f"opening it to its maps: {name}", opened, "s", bound=slowest),
            Row(
                f"frame interval, pointing: {name}",
                intervals,
                "ms",
                bound=smooth,
                ratio=median(intervals) / median(idle),
            ),
            Row(f"drawing one frame: {name}", drawing, "ms"),
        ]
    page.close()
    return rows


def opening(page, path) -> float:
    """Seconds from asking for the file to its first frame."""
    page.goto(path.as_uri())
    wrap = page.locator(".wrap[data-painted]")
    wrap.wait_for(timeout=60_000)
    return wrap.evaluate("(e) => (e.dataset.painted - performance.timeOrigin) / 1000")


def view(blocks, heads, side, prefix):
    """Made-up attention: smooth around a place beside the query, by content, and noise on it."""
    rng = np.random.default_rng(0)
    count = side * side
    tokens = prefix + count
    row, column = np.divmod(np.arange(count), side)
    scores = rng.normal(0, 0.5, (blocks, heads, tokens, tokens)).astype(np.float32)
    for block, head in np.ndindex(blocks, heads):
        wide, down, right = rng.uniform(1, side / 2), *rng.normal(0, 2, 2)
        away = (row[:, None] + down - row) ** 2 + (column[:, None] + right - column) ** 2
        content = rng.normal(size=(count, 8)) @ rng.normal(size=(8, 8))
        scores[block, head, prefix:, prefix:] += content @ content.T / 32 - away / (2 * wide**2)
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    attention = powers / powers.sum(axis=-1, keepdims=True)
    pixels = side * (4 if side == 8 else 16)  # 32, as CIFAR-10; 224 and more, as ImageNet
    image = rng.integers(0, 256, (pixels, pixels, 3), dtype=np.uint8)
    return vitcore.show(attention, image, prefix=prefix)
