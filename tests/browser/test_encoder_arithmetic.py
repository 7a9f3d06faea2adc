"""What the Encoder page computes in the browser, against NumPy."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest

from explorer.components.encoder.payload import STAGES, block_payload
from explorer.records import BlockPass
from tests.browser.stage import Stage, functions, text
from vitcore.config import PRESETS
from vitcore.initialisation import initial_weights
from vitcore.patches import patchify, pi_resize

P, GRID, PREFIX, BLOCK = 8, 4, 2, 1
SMALL = replace(
    PRESETS["flexi"], width=12, num_heads=3, depth=3, mlp_dim=20, registers=PREFIX, classes=4
)
N, T, D, H = GRID**2, GRID**2 + PREFIX, SMALL.width, SMALL.num_heads
TOKENS = (0, PREFIX, T - 1)  # a register, the first and the last patch
MATHS = "rowOf, layerNorm, softmaxOf, dense, strongest, largestOf, quantileOf, histogramOf, erf, "
MATHS += "GELU, cosineOf, degrees"
GIVEN = f"{MATHS}, Pass, STAGES, ARITHMETIC, tokenName, countsOf, shapeOf, short, decode"


@pytest.fixture
def script(page):
    return functions(page, "encoder", ("maths", "pass", "stages", "numbers"), GIVEN)


def unit(v, epsilon):
    return (v - v.mean(-1, keepdims=True)) / np.sqrt(v.var(-1, keepdims=True) + epsilon)


def norm(v, scale=1.0, offset=0.0):
    return unit(v, SMALL.layer_norm_eps) * scale + offset


def softmax(v):
    powers = np.exp(v - v.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def gelu(v):
    return v / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (v + 0.044715 * v**3)))


class Block:
    """One block over random tokens, as the paper writes it; every step by the page's name."""

    def __init__(self, rng, config, patch_size=P):
        self.config = config
        self.patch_size = patch_size
        self.weights = w = {
            name: rng.normal(0, 0.4, value.shape).astype(np.float32)
            for name, value in initial_weights(config).items()
        }
        own = {
            name.removeprefix(f"block_{BLOCK:02d}/"): value
            for name, value in w.items()
            if name.startswith(f"block_{BLOCK:02d}/")
        }
        self.image = rng.integers(0, 256, (GRID * patch_size, GRID * patch_size, 3), dtype=np.uint8)
        self.embedded, self.positions = rng.normal(size=(2, N, D))
        learned = [w[name] for name in ("class_token", "registers") if name in w]
        self.position = np.concatenate([*learned, self.embedded + self.positions])
        self.entering, self.last = rng.normal(0, 2, (2, T, D))
        self.norm1 = norm(self.entering, own["norm1/scale"], own["norm1/offset"])
        qkv = self.norm1 @ own["attention/qkv_kernel"] + own["attention/qkv_bias"]
        self.q, self.k, self.v = qkv.reshape(T, 3, H, D // H).transpose(1, 2, 0, 3)
        if config.qk_norm:
            self.q = unit(self.q, 1e-6) * own["attention/query_scale"]
            self.k = unit(self.k, 1e-6) * own["attention/key_scale"]
        self.scores = self.q @ self.k.transpose(0, 2, 1) / np.sqrt(D // H)
        self.shares = softmax(self.scores)
        self.mixed = self.shares @ self.v  # (H, T, d)
        self.joined = self.mixed.transpose(1, 0, 2).reshape(T, D)
        self.attention = self.joined @ own["attention/out_kernel"] + own["attention/out_bias"]
        self.residual1 = self.entering + self.attention
        self.norm2 = norm(self.residual1, own["norm2/scale"], own["norm2/offset"])
        self.before = self.norm2 @ own["mlp/hidden_kernel"] + own["mlp/hidden_bias"]
        self.after = gelu(self.before)
        self.mlp = self.after @ own["mlp/out_kernel"] + own["mlp/out_bias"]
        self.residual2 = self.residual1 + self.mlp
        self.norm = norm(self.last, w["norm/scale"], w["norm/offset"])

    def pooled(self, pooling):
        return self.norm[0] if pooling == "class" else self.norm[PREFIX:].mean(axis=0)

    def logits(self, pooling):
        return self.pooled(pooling) @ self.weights["head/kernel"] + self.weights["head/bias"]

    def payload(self, opened):
        seen = BlockPass(
            block=BLOCK,
            patch_size=self.patch_size,
            grid=(GRID, GRID),
            num_prefix_tokens=PREFIX,
            image=self.image,
            patch_embeddings=self.embedded,
            positions=self.positions,
            entering=self.entering,
            attention_out=self.attention,
            mlp_out=self.mlp,
            last=self.last,
            token_norms=np.ones((SMALL.depth + 1, T)),
            logits=self.logits(self.config.pooling),
            probabilities=softmax(self.logits(self.config.pooling)),
        )
        return block_payload(
            seen,
            self.weights,
            self.config,
            opened=opened,
            asked={"turn": 1, "rows": False, "terms": ""},
            prefix=("register 1", "register 2"),
            snippets=dict.fromkeys(STAGES, ""),
            truth=None,
        )


PASS = """([text, body]) => {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const pass = new a.Pass(a.decode(bytes, 'encoder'));
    return new Function('a', 'pass', `return ${body}`)(a, pass);
}"""


@pytest.fixture
def block(rng):
    return Block(rng, SMALL)


@pytest.fixture
def evaluate(script, block):
    """Evaluate an expression in which `pass` is the block, with the weights of one stage."""
    return lambda body, opened="norm1": script(PASS, [text(block.payload(opened)), body])


def test_every_vector_of_every_token_is_that_of_the_block(evaluate, block):
    for stage in ("norm1", "residual1", "norm2", "residual2", "norm", "position", "entering"):
        got = evaluate(f"[...pass.all('{stage}')]")
        wanted = getattr(block, stage)
        np.testing.assert_allclose(np.reshape(got, (T, D)), wanted, atol=2e-4, err_msg=stage)


def test_an_embedding_that_is_smaller_than_what_it_gives_is_applied_to_the_patches(script, rng):
    block = Block(rng, SMALL, patch_size=2)
    pixels = patchify(block.image, 2).reshape(N, 12) / 255
    if SMALL.pixel_range == "signed":
        pixels = 2 * pixels - 1
    kernel = pi_resize(block.weights["patch_embedding/kernel"], 2).reshape(12, D)
    wanted = pixels @ kernel + block.weights["patch_embedding/bias"]
    got = script(PASS, [text(block.payload("norm1")), "[...pass.all('embed')]"])
    np.testing.assert_allclose(np.reshape(got, (T, D))[PREFIX:], wanted, atol=1e-5)


def test_a_patch_is_flattened_row_by_row(evaluate, block):
    for p in (0, 6, N - 1):
        y, x = divmod(p, GRID)
        square = block.image[y * P : (y + 1) * P, x * P : (x + 1) * P] / 127.5 - 1
        if SMALL.pixel_range != "signed":
            square = (square + 1) / 2
        got = evaluate(f"[...pass.vector('patch', {p + PREFIX})]")
        np.testing.assert_allclose(got, square.reshape(-1), atol=1e-6)
    assert evaluate("pass.vector('patch', 0)") is None


@pytest.mark.parametrize("qk_norm", [False, True])
@pytest.mark.parametrize("token", TOKENS)
def test_attention_of_a_token_is_that_of_the_paper(script, rng, token, qk_norm):
    block = Block(rng, replace(SMALL, qk_norm=qk_norm))
    payload = text(block.payload("attention"))
    for h in range(H):
        scores, shares, mixed = script(
            PASS,
            [
                payload,
                f"(() => {{ const one = pass.attending({token}, {h}); "
                "return [[...one.scores], [...one.shares], [...one.mixed]]; })()",
            ],
        )
        np.testing.assert_allclose(scores, block.scores[h, token], atol=1e-4)
        np.testing.assert_allclose(shares, block.shares[h, token], atol=1e-4)
        np.testing.assert_allclose(mixed, block.mixed[h, token], atol=1e-4)
    joined = script(PASS, [payload, f"[...pass.joined({token})]"])
    np.testing.assert_allclose(joined, block.joined[token], atol=1e-4)


@pytest.mark.parametrize("token", TOKENS)
def test_contributions_of_hidden_units_sum_to_the_norm_of_the_output(evaluate, block, token):
    before, after, along = evaluate(
        f"(() => {{ const one = pass.hidden({token}); "
        "return [[...one.before], [...one.after], [...one.along]]; })()",
        "mlp",
    )
    np.testing.assert_allclose(before, block.before[token], atol=1e-4)
    np.testing.assert_allclose(after, block.after[token], atol=1e-4)
    bias = block.weights[f"block_{BLOCK:02d}/mlp/out_bias"]
    length = np.linalg.norm(block.mlp[token])
    rest = bias @ block.mlp[token] / length
    assert sum(along) + rest == pytest.approx(length, rel=1e-4)


def test_both_ways_of_pooling_read_the_same_tokens(evaluate, block):
    for name, pooling in (("readout", "mean"), ("otherReadout", "class")):
        pooled, logits, shares = evaluate(
            f"(() => {{ const one = pass.{name}(); "
            "return [[...one.pooled], [...one.logits], [...one.probabilities]]; })()"
        )
        np.testing.assert_allclose(pooled, block.pooled(pooling), atol=1e-4)
        np.testing.assert_allclose(logits, block.logits(pooling), atol=1e-4)
        np.testing.assert_allclose(shares, softmax(block.logits(pooling)), atol=1e-4)


def test_each_patch_is_classified_alone(evaluate, block):
    logits = block.norm[PREFIX:] @ block.weights["head/kernel"] + block.weights["head/bias"]
    np.testing.assert_allclose(
        evaluate("[...pass.patchProbabilities(2)]"), softmax(logits)[:, 2], atol=1e-4
    )


SHOWN = {
    "norm1": "norm1",
    "attention": "attention",
    "residual1": "residual1",
    "norm2": "norm2",
    "mlp": "mlp",
    "residual2": "residual2",
    "norm": "norm",
    "position": "position",
    "entering": "entering",
}


@pytest.mark.parametrize("stage", SHOWN)
@pytest.mark.parametrize("token", TOKENS)
def test_the_line_of_arithmetic_ends_in_the_value(evaluate, block, stage, token):
    for i in (0, D - 1):
        line = evaluate(f"a.ARITHMETIC.{stage}(pass, {token}, {i})", stage)
        first = re.split(r"[;,(] ?(?:output|embedded|prefix|open)", line)[0]
        shown = float(re.findall(r"−?[\d.]+", first)[-1].replace("−", "-"))
        wanted = getattr(block, SHOWN[stage])[token, i]
        digits = 0 if abs(wanted) >= 100 else 1 if abs(wanted) >= 10 else 2
        assert shown == pytest.approx(wanted, abs=0.51 * 10**-digits), line
        assert int(re.search(r"\((\d+)\)", line)[1]) == i + 1  # counted from 1


def test_stages_have_the_names_and_shapes_of_the_payload(evaluate):
    assert evaluate("a.STAGES.map((stage) => stage.id)") == list(STAGES)
    shapes = evaluate("a.STAGES.map((stage) => a.shapeOf(stage.id, pass, true))")
    got = dict(zip(STAGES, shapes, strict=True))
    assert got["patch"] == f"{N} × {3 * P * P}"
    assert got["embed"] == f"{N} × {D}"
    assert got["norm2"] == f"{T} × {D}"
    assert got["softmax"] == f"{SMALL.classes}"


def test_tokens_are_named_by_row_and_column(evaluate):
    names = evaluate(f"[0, {PREFIX}, {PREFIX + GRID + 2}].map((t) => a.tokenName(t, pass.head))")
    assert names == ["register 1", "patch (1, 1)", "patch (2, 3)"]
    assert re.findall(r"\d+", evaluate("a.countsOf(pass)")) == [str(T), str(PREFIX), str(N)]


def test_erf_and_both_forms_of_gelu(script):
    x = np.linspace(-4, 4, 81)
    erf, exact, tanh = script(
        "(x) => [x.map(a.erf), x.map(a.GELU.exact), x.map(a.GELU.tanh)]", x.tolist()
    )
    wanted = np.array([math.erf(one) for one in x])
    np.testing.assert_allclose(erf, wanted, atol=2e-7)
    phi = np.array([math.erf(one / math.sqrt(2)) for one in x])
    np.testing.assert_allclose(exact, x * (1 + phi) / 2, atol=1e-6)
    np.testing.assert_allclose(tanh, gelu(x), atol=1e-12)


def test_softmax_holds_where_exp_would_overflow(script):
    scores = [1000.0, 999.0, -1000.0]
    got = script("(v) => [...a.softmaxOf(v).shares]", scores)
    np.testing.assert_allclose(got, softmax(np.array(scores)), atol=1e-12)


def test_order_quantile_and_counts(script, rng):
    v = rng.normal(size=101)
    got = script(
        """(v) => [a.strongest(v, 4), a.largestOf(v), a.quantileOf(v, 0.5),
        a.histogramOf(v, 6, -1, 1), a.degrees(a.cosineOf(v, v.map((x) => -x)))]""",
        v.tolist(),
    )
    assert got[0] == np.argsort(-np.abs(v))[:4].tolist()
    assert got[1] == v.argmax()
    assert got[2] == pytest.approx(np.median(np.abs(v)))
    inside = np.clip(v, -1, 1 - 1e-9)  # what lies outside is counted at the ends
    assert got[3] == np.histogram(inside, bins=6, range=(-1, 1))[0].tolist()
    assert got[4] == pytest.approx(180)


@pytest.mark.parametrize(
    "stage, x, f", [("residual1", "entering", "attention"), ("residual2", "residual1", "mlp")]
)
def test_below_the_code_of_a_sum_stands_all_that_it_prints(page, block, stage, x, f):
    figure = Stage(page, "encoder")
    figure.show(block.payload(stage))
    page.locator("summary").click()
    t = int(page.locator(".wrap").get_attribute("data-token"))
    x, f = getattr(block, x)[t], getattr(block, f)[t]
    norms = np.linalg.norm(x), np.linalg.norm(f)
    wanted = [norms[1] / norms[0], np.degrees(np.arccos(x @ f / norms[0] / norms[1]))]
    lines = page.locator(".prints").inner_text().replace("\N{MINUS SIGN}", "-").splitlines()
    got = [[float(number) for number in re.findall(r"-?\d+\.\d+", line)] for line in lines]
    np.testing.assert_allclose(got[0], wanted, atol=2e-4)
    np.testing.assert_allclose(got[1], (x + f)[:6], atol=2e-4)


def test_a_selected_dimension_keeps_its_arithmetic_until_it_is_let_go(page, block):
    figure = Stage(page, "encoder")
    figure.show(block.payload("norm1"))
    tip, strips = page.locator(".tip"), page.locator(".panel .line canvas")

    def leaves():
        page.mouse.move(1, 1)
        figure.settle()
        return tip.is_visible()

    def selects(strip, share):
        box = strip.bounding_box()
        page.mouse.click(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
        figure.settle()

    strips.first.hover()
    figure.settle()
    assert tip.is_visible()
    assert not leaves()
    selects(strips.first, 4.5 / D)
    assert leaves()
    assert "(5)" in tip.inner_text()
    selects(strips.first, 6.5 / D)  # another
    assert leaves()
    assert "(7)" in tip.inner_text()
    selects(strips.first, 6.5 / D)  # the same again
    assert not leaves()
    row = page.locator("li[data-stage=norm1]")
    for strip in (strips.last, row.locator("canvas")):
        selects(strip, 1.5 / D)
        assert leaves()
        page.keyboard.press("Escape")
        figure.settle()
        assert not tip.is_visible()
