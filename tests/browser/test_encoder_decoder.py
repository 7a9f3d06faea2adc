"""The drawing of the encoder-decoder Transformer: what stands where, and that it can be read."""

import pytest

from explorer.components import pack
from tests.browser.stage import Stage

# Of each text: what it says, its group, and whether it lies in its box and in the drawing.
TEXTS = """() => { const root = document.querySelector('#root'),
    all = root.querySelector('.drawing svg').getBoundingClientRect(),
    within = (a, b) => a.left >= b.left && a.right <= b.right && a.top >= b.top - 1
        && a.bottom <= b.bottom + 1;
    return [...root.querySelectorAll('svg text')].map((node) => {
        const at = node.getBoundingClientRect(), before = node.previousElementSibling,
            boxed = before?.classList.contains('box');
        return { says: node.textContent, group: node.parentNode.getAttribute('class'),
            attention: node.classList.contains('attention'),
            size: parseFloat(getComputedStyle(node).fontSize) * node.getScreenCTM().a,
            inside: within(at, all) && (!boxed || within(at, before.getBoundingClientRect())),
            at: [at.left, at.right, at.top, at.bottom] }; }); }"""


@pytest.fixture
def drawn(page):
    def drawn(width=960):
        stage = Stage(page, "encoder_decoder")
        page.evaluate("(w) => { document.querySelector('#root').style.width = w + 'px'; }", width)
        stage.show(pack("encoder_decoder", {"rev": "drawn"}))
        stage.settle()
        return page.evaluate(TEXTS)

    return drawn


def test_each_use_of_attention_stands_in_its_half(drawn):
    uses = [(one["group"], one["says"]) for one in drawn() if one["attention"]]
    assert sorted(uses) == [
        ("decoder", "Cross-attention"),
        ("decoder", "Masked self-attention"),
        ("encoder", "Self-attention"),
    ]


@pytest.mark.parametrize("width", [388, 960])
def test_every_word_fits_and_none_lies_on_another(drawn, width):
    texts = drawn(width)
    assert [one["says"] for one in texts if not one["inside"]] == []
    assert min(one["size"] for one in texts) >= 11  # pixels
    for k, one in enumerate(texts):
        for other in texts[k + 1 :]:
            a, b = one["at"], other["at"]
            apart = a[1] <= b[0] or b[1] <= a[0] or a[3] <= b[2] or b[3] <= a[2]
            assert apart, (one["says"], other["says"])


def test_keys_and_values_of_the_encoder_end_at_cross_attention(page, drawn):
    drawn()
    found = page.evaluate("""() => { const root = document.querySelector('#root');
        const box = [...root.querySelectorAll('.decoder text')]
            .find((node) => node.textContent === 'Cross-attention').previousElementSibling;
        const line = [...root.querySelectorAll('.decoder path')]
            .find((node) => node.getAttribute('d').split('H').length === 3
                && node.getBoundingClientRect().left < box.getBoundingClientRect().left - 40);
        const at = line.getPointAtLength(line.getTotalLength());
        const { x, y, height } = box.getBBox();
        return [x - at.x, at.y - y - height / 2]; }""")
    assert 0 < found[0] < 6
    assert found[1] == pytest.approx(0)
