"""A component's script on an empty page, without a server, and readings for it to draw."""

import base64
from pathlib import Path

import numpy as np

from explorer.components.declared import sources
from explorer.records import ModelOutput
from explorer.results import Failure
from explorer.selection import Image, Selection
from vitcore.lens import SHARED

COMPONENTS = Path(__file__).resolve().parents[2] / "explorer" / "components"
PIXELS = np.random.default_rng(1).integers(0, 256, (32, 32, 3), dtype=np.uint8)
# For tests: the decoder, and the object behind what is on the page.
OPENED = """globalThis.decodeForTests = decode;
globalThis.instance = () => INSTANCES.get(document.querySelector('#root'));"""
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
        html, css, script = sources(name)
        page.set_content(f"<style>{css}</style><div id='root' style='width: 960px'>{html}</div>")
        page.evaluate(MOUNT, [f"{script}\n{OPENED}", name])

    def show(self, payload):
        self.page.evaluate(
            "(text) => { show(text); return new Promise((done) => setTimeout(done)); }",
            text(payload),
        )

    def read(self):
        return self.page.locator(".read").inner_text()

    def sent(self):
        return self.page.evaluate("sent")

    def pinned(self):
        """What is pinned in this window: [token, rows, columns], or None."""
        return self.page.evaluate("globalThis.__vitExplorerPins.at")

    def settle(self):
        """Wait until what was scheduled has been drawn."""
        self.page.evaluate(
            "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

    def at(self, canvas, row, column, grid):
        box = self.page.locator(canvas).bounding_box()
        side = box["width"] / grid
        return box["x"] + (column - 0.5) * side, box["y"] + (row - 0.5) * side


def functions(page, folder, files, given):
    """Evaluate JavaScript beside a component's own functions, without drawing; they are in `a`.

    Args:
        page: an empty page.
        folder: of the component.
        files: names of its scripts, in order; base.js goes before them.
        given: names that `a` has, separated by commas.
    """
    paths = [SHARED / "base.js", *(COMPONENTS / folder / f"{name}.js" for name in files)]
    source = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    source = f"const MESSAGES = {{}};\n{source}"
    page.set_content("<p></p>")
    page.evaluate(
        "(text) => { globalThis.a = new Function(text)(); }", f"{source}\nreturn {{ {given} }};"
    )
    return lambda code, *arguments: page.evaluate(code, *arguments)


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
    patch_logits = np.zeros((count, 10), np.float32)
    patch_logits[:, 6] = 9
    probabilities = np.full(10, 0.02, np.float32)
    probabilities[6] = 0.82
    return ModelOutput(
        patch_size=32 // grid,
        grid=(grid, grid),
        num_prefix_tokens=prefix,
        image=PIXELS,
        tokens=np.random.default_rng(2).normal(size=(tokens, 12)).astype(np.float32),
        attention=attention,
        patch_logits=None if prefix else patch_logits,
        logits=patch_logits.mean(axis=0),
        probabilities=probabilities,
        logit_lens=np.tile(probabilities, (blocks + 1, 1)),
        patch_logit_lens=np.tile(probabilities, (blocks + 1, count, 1)),
        token_norms=np.ones((blocks + 1, tokens), np.float32),
        seconds=0.007,
    )


def selection(patch_size=8, *, label=6):
    """An image whose model cannot be opened."""
    image = Image(PIXELS, "sketch10", label, 0, "frog 0", "key")
    return Selection(Failure("No model.", "Train one."), image, patch_size)
