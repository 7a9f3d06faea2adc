"""What the lens is shown in tests, and what it then says."""

import re
from dataclasses import replace

import numpy as np

from explorer.components.attention_lens.payload import Shown, output_payload
from tests.browser.stage import PIXELS, reading

SHARE = re.compile(r"(<0\.1|\d+(?:\.\d)?)%")


def lens_payload(grid=4, *, names=(), **shape):
    answer = reading(grid, prefix=len(names), **shape)
    shown = Shown(place=(0, 0, min(5, grid * grid - 1)), names=names)
    return output_payload(answer, name=str(grid), shown=shown)


def looking(grid, *, prefix=0, blocks=2, heads=2, sharpness=5.0):
    """A reading with peaked random attention on any grid."""
    rows, columns = grid
    tokens = prefix + rows * columns
    scores = sharpness * np.random.default_rng(4).normal(size=(blocks, heads, tokens, tokens))
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    attention = (powers / powers.sum(axis=-1, keepdims=True)).astype(np.float32)
    image = np.resize(PIXELS, (rows * 4, columns * 4, 3)).astype(np.uint8)
    return replace(
        reading(1, prefix=prefix),
        grid=grid,
        num_prefix_tokens=prefix,
        attention=attention,
        image=image,
    )


def changed(changes, *, pooling="mean", of="it", moved=0.5, adopt=""):
    """A payload in which something was changed, and half of the answer moved to cat."""
    before = reading()
    probabilities = before.probabilities.copy()
    probabilities[6] -= moved
    probabilities[3] += moved
    shown = Shown(of=of, changes=changes, truth=6, pooling=pooling, adopt=adopt)
    now = replace(before, probabilities=probabilities)
    return output_payload(now, name=repr(changes), shown=shown, before=before)


def unchanged(of="it", **shown):
    return output_payload(reading(), name="as it is", shown=Shown(of=of, truth=6, **shown))


def point(text):
    """The number in a share as it is read out."""
    (number,) = SHARE.fullmatch(text).groups()
    return 0.05 if number == "<0.1" else float(number)


def last(lens):
    """What Python was told last of changes, without the number of the event."""
    told = [value for kind, name, value in lens.sent() if name == "changes"][-1]
    return {name: value for name, value in told.items() if name != "turn"}


def switch_at(lens, block, head):
    """Where the sign in a map's corner is, or with head -1 beside a block's number."""
    lens.settle()
    box = lens.page.locator("canvas.heads").bounding_box()
    x, y = lens.page.evaluate(
        """([block, head]) => {
            const { left, top, tile, tileHeight, gap, knob } = instance();
            return [left + block * (tile + gap) + tile - knob / 2,
                head < 0 ? 8 : top + head * (tileHeight + gap) + knob / 2];
        }""",
        [block, head],
    )
    return box["x"] + x, box["y"] + y


def press_switch(lens, block, head):
    lens.page.mouse.click(*switch_at(lens, block, head))
    lens.settle()


def badge(lens):
    return lens.page.locator(".badge").inner_text()
