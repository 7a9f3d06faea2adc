"""What the lens is sent, and what is believed of what it sends back."""

from types import SimpleNamespace

import numpy as np
import pytest

from explorer.components.attention_lens.component import (
    LensState,
    prefix_names,
    sent_changes,
    sent_seed,
    sent_view,
)
from explorer.components.attention_lens.payload import (
    Shown,
    changes_as_lists,
    exact_sums,
    output_payload,
    placeholder_payload,
    rows_with_peaks,
)
from explorer.results import Pending
from vitcore.config import PRESETS, ViTConfig
from vitcore.interpret.selective_head import selective_head
from vitcore.intervention import Intervention

WAITING = Pending("Starting the model.", "The image can be used meanwhile.", None)
POINTS = 0.001  # a tenth of a percentage point


def payload(reading, **shown):
    return output_payload(reading, name="a", shown=Shown(**shown))


def shares_of(codes, peaks, seconds):
    """Read codes back, one by one."""
    back = np.empty(codes.shape)
    for place in np.ndindex(codes.shape):
        row, code = place[:-1], int(codes[place])
        back[place] = peaks[row] if code == 255 else seconds[row] * (code / 254) ** 1.5
    return back


def random_rows(rng, count, sharpness):
    powers = np.exp(sharpness * rng.normal(size=(40, count)))
    return (powers / powers.sum(axis=-1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("count", [1, 2, 9, 196])
@pytest.mark.parametrize("sharpness", [0, 1, 4, 20])
def test_every_share_comes_back_within_its_precision(rng, count, sharpness):
    rows = random_rows(rng, count, sharpness)
    np.testing.assert_allclose(shares_of(*rows_with_peaks(rows)), rows, atol=POINTS)


@pytest.mark.parametrize(("step", "points"), [(1, POINTS), (4, 4 * POINTS)])
def test_the_worst_rows_stay_within_the_precision(step, points):
    steps = np.linspace(0, 1, 241)
    first, second, third = (axis.ravel() for axis in np.meshgrid(steps, steps, steps))
    possible = (first >= second) & (second >= third) & (first + second + third <= 1)
    rows = np.stack([first, second, third], axis=-1)[possible].astype(np.float32)
    codes, peaks, seconds = rows_with_peaks(rows, step=step)
    parts = seconds[:, None] * (codes / 254.0) ** 1.5
    back = np.where(codes == 255, peaks[:, None], parts)
    assert np.abs(back - rows).max() < points


def test_one_bright_patch_leaves_the_others_their_precision():
    row = np.array([[0.001, 0.996, 0.0005, 0.0]], np.float32)
    np.testing.assert_allclose(shares_of(*rows_with_peaks(row)), row, rtol=0.01)


def test_a_row_without_attention_stays_empty():
    codes, peaks, seconds = rows_with_peaks(np.zeros((2, 3), np.float32))
    assert not shares_of(codes, peaks, seconds).any()


def test_every_head_of_every_block_can_be_read_back(make_reading, unpack):
    reading = make_reading(8, blocks=3, heads=2)
    header, arrays = unpack(payload(reading, place=(1, 0, 5)))
    back = shares_of(arrays["codes"], arrays["peaks"], arrays["seconds"])
    assert back.shape == (3, 2, 16, 16)
    np.testing.assert_allclose(back, reading.attention, atol=POINTS)
    assert header["start"] == {"block": 1, "head": 0, "patch": 5}


def test_attention_to_the_class_token_stays_beside_the_maps(make_reading, unpack):
    reading = make_reading(16, prefix=1)
    header, arrays = unpack(payload(reading, names=("class",)))
    assert arrays["codes"].shape == (2, 3, 5, 4)  # five tokens look at four patches
    np.testing.assert_array_equal(arrays["before"], reading.attention[..., :1])
    assert header["prefix"] == ["class"]


def test_sums_are_those_of_the_shares_themselves(rng):
    rows, columns = 2, 3
    among = rng.random((1, 2, 6, 6)).astype(np.float32)
    sums = exact_sums(among, (rows, columns))
    for head in range(2):
        for patch in range(6):
            row, column = divmod(patch, columns)
            others = [other for other in range(6) if other != patch]
            share = among[0, head]
            expected = (
                share[patch, patch],
                sum(share[patch, other] for other in others if other // columns == row),
                sum(share[patch, other] for other in others if other % columns == column),
                share[:, patch].sum(),
                sum(
                    share[patch, other]
                    for other in others
                    if max(abs(other // columns - row), abs(other % columns - column)) == 1
                ),
            )
            np.testing.assert_allclose(sums[0, head, patch], expected, rtol=1e-5)


def test_the_mean_over_queries_is_what_the_finding_says():
    near = np.zeros((16, 16))
    row, column = np.divmod(np.arange(16), 4)
    reach = np.maximum(abs(row[:, None] - row), abs(column[:, None] - column))
    near[reach == 1] = 1
    near /= near.sum(axis=1, keepdims=True)
    attention = (0.7 * near + 0.3 / 16)[None, None]
    found = selective_head(attention, (4, 4))
    sums = exact_sums(attention, (4, 4))
    assert found.kind == "neighbors"
    assert sums[0, 0, :, 4].mean() == pytest.approx(found.share, abs=1e-6)


def test_256_tokens_are_one_byte_per_pair(make_reading, unpack):
    reading = make_reading(2, blocks=1, heads=1)
    data = payload(reading)
    _, arrays = unpack(data)
    assert arrays["codes"].nbytes == 256 * 256
    assert len(data) < 1.2 * 256 * 256


def test_the_answer_is_sent_beside_the_one_before(make_reading, unpack):
    before, now = make_reading(8), make_reading(8, logits=np.arange(10))
    changed = Shown(changes=Intervention(ablated_heads=((1, 0),)), truth=6)
    header, _ = unpack(output_payload(now, name="a", shown=changed, before=before))
    assert header["changed"] is True
    assert header["changes"]["heads"] == [[1, 0]]
    np.testing.assert_allclose(header["answers"]["before"], before.probabilities, atol=1e-5)
    np.testing.assert_allclose(header["answers"]["now"], now.probabilities, atol=1e-5)
    assert header["answers"]["truth"] == 6
    assert unpack(payload(before))[0]["changed"] is False


def test_waiting_keeps_a_place_for_every_map(select, unpack):
    selection = select(5, config=PRESETS["article"])
    header, arrays = unpack(placeholder_payload(WAITING, selection, shown=Shown()))
    assert (header["blocks"], header["heads"]) == (6, 4)
    assert arrays["rgb"].shape == (30, 30, 3)
    assert header["done"] is None
    assert header["answers"]["now"] is None


def believed(**sent):
    whole = {"of": "it", "heads": [], "patches": [], "positions": True, **sent}
    return sent_changes(SimpleNamespace(changes=whole), of="it", blocks=2, heads=3, patches=4)


def test_changes_come_back_as_they_were_sent():
    changes = Intervention(ablated_heads=((0, 2), (1, 0)), patches={0: 3, 2: None, 3: 0})
    assert believed(**changes_as_lists(changes)) == changes
    assert believed(**changes_as_lists(Intervention(use_pos_embed=False))) == Intervention(
        use_pos_embed=False
    )
    assert believed() == Intervention()


@pytest.mark.parametrize(
    "sent",
    [
        {"of": "another image"},
        {"heads": None},
        {"heads": "00"},
        {"heads": [[2, 0]]},
        {"heads": [[0, 3]]},
        {"heads": [[0, -1]]},
        {"heads": [[0, 1.0]]},
        {"heads": [[0, True]]},
        {"heads": [[0]]},
        {"heads": [[0, 0]] * 7},
        {"patches": [[4, 0]]},
        {"patches": [[0, 4]]},
        {"patches": [[0, -2]]},
        {"patches": [[0, 1], [0, 2]]},
        {"patches": {"0": 1}},
        {"positions": 1},
        {"positions": None},
    ],
)
def test_changes_that_cannot_be_are_not_believed(sent):
    assert believed(**sent) is None


@pytest.mark.parametrize("result", [None, SimpleNamespace(changes=None), SimpleNamespace()])
def test_nothing_sent_is_no_change(result):
    assert sent_changes(result, of="it", blocks=2, heads=3, patches=4) is None


def test_tokens_before_the_patches_have_names(make_reading):
    with_class = ViTConfig(pooling="class", registers=2)
    with_registers = ViTConfig(registers=2)
    assert prefix_names(None, None) == ()
    assert prefix_names(None, with_class) == ("class", "register 1", "register 2")
    assert prefix_names(None, with_registers) == ("register 1", "register 2")
    assert prefix_names(make_reading(8, prefix=1), None) == ("class",)


@pytest.mark.parametrize(
    ("sent", "view"),
    [
        ({"direction": "from", "scale": "each", "head": None}, LensState()),
        (
            {"direction": "to", "scale": "common", "head": [1, 2]},
            LensState(looked_at=True, common=True, head=(1, 2)),
        ),
        ({"direction": "up", "scale": "each", "head": None}, None),
        ({"direction": "to", "scale": 1, "head": None}, None),
        ({"direction": "to", "scale": "each", "head": [2, 0]}, None),
        ({"direction": "to", "scale": "each"}, LensState(looked_at=True)),
        ("to", None),
        (None, None),
    ],
)
def test_how_maps_are_shown_comes_back_where_it_can_be(sent, view):
    assert sent_view(SimpleNamespace(view=sent), blocks=2, heads=3) == view


@pytest.mark.parametrize(("sent", "seed"), [(7, 7), (True, None), (-1, None), (1e3, None)])
def test_a_seed_is_a_small_whole_number(sent, seed):
    assert sent_seed(SimpleNamespace(changes={"seed": sent})) == seed
