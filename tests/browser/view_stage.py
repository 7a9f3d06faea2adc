"""A view of `vitcore.show` on a page, and attention for it to show."""

import numpy as np

IMAGE = np.random.default_rng(1).integers(0, 256, (32, 32, 3), dtype=np.uint8)
# What JupyterLab and VS Code do with an output: its scripts are made anew, so that they run.
OUTPUT = """(text) => {
    const output = document.createElement('div');
    output.innerHTML = text;
    document.body.append(output);
    for (const old of output.querySelectorAll('script')) {
        const script = document.createElement('script');
        script.textContent = old.textContent;
        old.replaceWith(script);
    }
}"""


def weights(blocks=3, heads=2, tokens=21, seed=3, sharpness=5.0):
    scores = sharpness * np.random.default_rng(seed).normal(size=(blocks, heads, tokens, tokens))
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return (powers / powers.sum(axis=-1, keepdims=True)).astype(np.float32)


class View:
    """One view on a page, or in a frame of it."""

    def __init__(self, page, frame=None, number=0):
        self.page = page
        self.frame = frame or page
        self.host = self.frame.locator("[data-vit-lens]").nth(number)
        self.host.locator(".wrap[data-painted]").wait_for()
        self.image = self.host.locator("canvas.image")

    def at(self, row, column, grid=4):
        box = self.image.bounding_box()
        side = box["width"] / grid
        return box["x"] + (column - 0.5) * side, box["y"] + (row - 0.5) * side

    def hover(self, row, column):
        self.page.mouse.move(*self.at(row, column))
        self.settle()

    def click(self, row, column):
        self.page.mouse.click(*self.at(row, column))
        self.settle()

    def settle(self):
        self.host.evaluate(
            "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

    def read(self):
        return self.host.locator(".read").inner_text()

    def which(self):
        return self.host.locator(".which").inner_text()

    def pixels(self, canvas):
        return self.host.locator(f"canvas.{canvas}").evaluate("(c) => c.toDataURL()")
