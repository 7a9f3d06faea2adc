"""A model's card says what was measured and how the run was made."""

import json
import shutil

import numpy as np
import pytest

from tests.vitcore.training.small_runs import CONFIG
from vitcore import cache, checkpoints, sketch10
from vitcore.evaluation import evaluate
from vitcore.interpret.attention_summary import attention_summary
from vitcore.model import load
from vitcore.training import card, events, loop
from vitcore.training.run_files import STATE


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "hardware", lambda: "an accelerator elsewhere")
        loop.train(folder, CONFIG.replace(steps=3, patch_sizes=(16,)))
    return folder


@pytest.fixture(scope="module")
def made(run):
    told = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(card, "SKETCHES", 30)
        patch.setattr(card, "TRACED", 3)
        patch.setattr(card, "PATCH_SIZES", (16, 32))
        values = card.make_card(
            run, measured=run, name="small", note="A test.", notice=lambda *what: told.append(what)
        )
    return values, told


def test_card_is_measured_on_images_that_no_training_sees(run, made):
    values, _ = made
    images, labels, _ = sketch10(30)
    assert values["measured_on"] == {"sketch10": 30}
    for size in (16, 32):
        expected = evaluate(load(run), images, labels, patch_size=size)
        for name, value in (
            ("accuracy", expected.score.accuracy),
            ("top5", expected.score.top5),
            ("loss", expected.score.loss),
            ("calibration_error", expected.reliability.error),
        ):
            assert values[name]["sketch10"][str(size)] == pytest.approx(value, abs=1e-4)


def test_report_of_the_model_s_own_patch_size_is_kept(run, made):
    model = load(run)
    images, labels, _ = sketch10(30)
    kept = made[0]["evaluation"]["sketch10"]
    expected = evaluate(model, images, labels)
    assert kept["patch_size"] == model.config.patch_size  # not one of the stops measured above
    assert kept["confusion"] == expected.confusion.tolist()
    assert kept["reliability"]["num_images"] == expected.reliability.num_images.tolist()
    assert set(made[0]["accuracy"]["sketch10"]) == {"16", "32"}


def test_progress_follows_the_work(made):
    names, shares = zip(*made[1], strict=True)
    assert names == (
        "sketch10, patch size 16", "sketch10, patch size 32", "sketch10, patch size 4", "attention"
    )  # fmt: skip
    assert list(shares) == sorted(shares)
    assert shares[0] == 0
    assert shares[1] > 0.5  # four tokens cost more than one


def test_attention_is_measured_on_sketches(run, made):
    values = made[0]["attention"]
    assert values == attention_summary(load(run), num_images=3)


def step_event(epoch, loss):
    return {"event": "step", "epoch": epoch, "loss": loss, "accuracy": 0.5}


def test_training_curve_is_thinned_to_means():
    steps = [step_event(k / 128, float(k)) for k in range(1, 401)]
    curve = card.training_curve([*steps, step_event(4.0, None), {"event": "end"}])
    assert len(curve["loss"]) == 200
    assert curve["loss"][:2] == [1.5, 3.5]
    assert curve["epoch"][0] == round(1.5 / 128, 4)
    assert card.training_curve([]) == {"epoch": [], "loss": [], "accuracy": []}


def test_training_curve_has_its_points_where_the_epochs_are_not_where_the_events_are():
    sparse = [step_event(k / 8, 1.0) for k in range(1, 9 * 8 + 1)]  # nine epochs, then one more
    dense = [step_event(9 + k / 1024, 1.0) for k in range(1, 1025)]
    epochs = np.array(card.training_curve([*sparse, *dense])["epoch"])
    assert (epochs <= 9).sum() == 72  # all there are: none of them shares a span
    assert (epochs > 9).sum() == 20  # a tenth of the spans


def test_card_says_how_the_run_was_made(made):
    values, _ = made
    assert (values["name"], values["note"], values["recipe"]) == ("small", "A test.", "standard")
    assert (values["seed"], values["steps"], values["epochs"]) == (3, 3, 1.0)
    assert values["images_seen"] == 24
    assert values["train"]["preset"] == "small"
    assert values["data"] == (
        "sketch10 training set, 50% for validation; 25% of each batch from sketch10"
    )
    assert values["hardware"] == "an accelerator elsewhere"  # not what the card is made on
    assert values["software"].startswith("Keras 3")
    assert [point["step"] for point in values["curves"]] == [1, 2, 3]


def test_a_run_that_started_from_another_counts_on(run, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "hardware", lambda: "two cores")
    config = CONFIG.replace(steps=2, patch_sizes=(16,), init_from=str(run))
    loop.train(tmp_path / "later", config)
    making, first = card.made_by(tmp_path / "later"), card.made_by(run)
    assert (making.steps, making.images_seen) == (5, 40)
    assert making.parts == ((CONFIG.replace(steps=3, patch_sizes=(16,)), 3), (config, 2))
    assert making.seconds > first.seconds
    assert card._told(config)["init_from"] == run.name  # not where it lay
    assert making.history[: len(first.history)] == first.history
    validations = [e for e in making.history if e["event"] == "validation"]
    assert [(e["step"], round(e["epoch"], 3)) for e in validations] == [
        (1, 0.333), (2, 0.667), (3, 1.0), (4, 1.333), (5, 1.667)
    ]  # fmt: skip
    assert card._trained_on(making.history, "hardware") == "an accelerator elsewhere → two cores"


def test_a_run_is_followed_to_one_it_started_from_by_name_while_that_is_there(
    run, tmp_path, monkeypatch
):
    monkeypatch.setattr(cache, "runs_home", lambda: tmp_path)
    first = shutil.copytree(run, tmp_path / "first")
    loop.train(tmp_path / "later", CONFIG.replace(steps=1, patch_sizes=(16,), init_from="first"))
    assert card.made_by(tmp_path / "later").steps == 4
    (first / STATE).unlink()  # a model alone
    assert card.made_by(tmp_path / "later").steps == 1
    shutil.rmtree(first)
    assert card.made_by(tmp_path / "later").steps == 1


def test_card_of_a_run_that_recorded_no_hardware_names_what_it_is_made_on(
    run, tmp_path, monkeypatch
):
    copy = shutil.copytree(run, tmp_path / "run")
    lines = (json.loads(line) for line in (run / events.FILE_NAME).read_text().splitlines())
    kept = [{k: v for k, v in line.items() if k not in ("hardware", "software")} for line in lines]
    (copy / events.FILE_NAME).write_text("".join(json.dumps(line) + "\n" for line in kept))
    for name in ("SKETCHES", "TRACED"):
        monkeypatch.setattr(card, name, 1)
    monkeypatch.setattr(card, "PATCH_SIZES", (16,))
    values = card.make_card(copy, measured=copy, name="small")
    assert "cores of" in values["hardware"]
    assert values["software"].startswith("Keras 3")


def test_card_names_all_hardware_on_which_steps_were_taken():
    def start(hardware):
        return {"event": "start", "hardware": hardware}

    step = {"event": "step"}
    told = [start("a GPU"), step, start("a GPU"), step, start("2 cores"), step, start("a phone")]
    assert card._trained_on(told, "hardware") == "a GPU → 2 cores"
    assert card._trained_on([{"event": "start"}, step], "hardware") == ""


def test_card_is_json_and_read_back(run, made, tmp_path):
    values, _ = made
    checkpoints.write(tmp_path, *checkpoints.read(run), half=True)
    checkpoints.write_card(tmp_path, values)
    assert checkpoints.card(tmp_path) == json.loads(json.dumps(values))
