"""What Python and JavaScript both compute or write: one table, over which they agree."""

import numpy as np
import pytest

from explorer.text import findings, formatting
from explorer.url_values import shuffled
from tests.browser.stage import functions
from vitcore.lens.words import percent

pytestmark = pytest.mark.browser

SHARES = [
    *np.arange(1001) / 1000,
    *np.geomspace(1e-6, 0.1, 200),
    *(1 - np.geomspace(1e-6, 0.1, 200)),
]
TWINS = {
    "percent": (percent, [(float(share),) for share in SHARES]),
    "signed": (formatting.signed, [(float(value),) for value in np.linspace(-2, 2, 801)]),
    "shuffled": (shuffled, [(seed, n) for seed in (0, 1, 7, 9999) for n in (1, 2, 16, 64, 256)]),
}


@pytest.fixture
def scripts(page):
    return functions(page, "attention_lens", ("intervention",), f"{', '.join(TWINS)}, UNDECIDED")


@pytest.mark.parametrize("name", TWINS)
def test_twins_agree(scripts, name):
    own, cases = TWINS[name]
    theirs = scripts(f"(cases) => cases.map((one) => a.{name}(...one))", cases)
    told = zip(cases, theirs, strict=True)
    assert [(*case, their) for case, their in told if their != own(*case)] == []


def test_the_spread_that_prefers_no_class_is_one(scripts):
    assert scripts("() => a.UNDECIDED") == findings.UNDECIDED
