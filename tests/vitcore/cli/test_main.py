"""`python -m vitcore` as a person types it."""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.vitcore.training.small_runs import quick_step
from vitcore import checkpoints
from vitcore.cli.main import _parser, main
from vitcore.config import ViTConfig
from vitcore.initialisation import initial_weights
from vitcore.training import events, runs
from vitcore.training.step import Trainer

ROOT = Path(__file__).resolve().parents[3]
SHORT = "--data sketch10 --preset tiny --steps 3 --batch-size 8 --seed 1".split()


def shell(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "vitcore", *map(str, arguments)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "mine"
    return folder, shell("train", *SHORT, "--run-dir", folder, "--json")


def test_training_reports_on_stderr_and_its_result_on_stdout(trained):
    folder, ended = trained
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == {"state": "finished", "steps": 3, "folder": str(folder)}
    assert "validation at step 3" in ended.stderr
    assert ended.stderr.rstrip().endswith("Finished after 3 steps.")


def test_run_is_described_before_it_is_trained(trained):
    run = runs.read_run(trained[0])
    assert (run.state, run.step, run.config.preset, run.config.seed) == ("finished", 3, "tiny", 1)
    assert run.usable


def test_trained_model_is_evaluated(trained):
    ended = shell("evaluate", "--model", trained[0], "--data", "sketch10", "--num-images", 20,
                  "--patch-size", 8, "--json")  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    result = json.loads(ended.stdout)
    assert set(result) >= {"accuracy", "top5", "loss", "images", "seconds", "calibration_error"}
    assert (result["images"], result["patch_size"]) == (20, 8)
    assert sum(map(sum, result["confusion"])) == 20
    assert 0 <= result["accuracy"] <= result["top5"] <= 1


def test_evaluation_is_told_as_a_table(trained):
    ended = shell("evaluate", "--model", trained[0], "--data", "sketch10", "--num-images", 20)
    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.splitlines()
    assert lines[0].split()[0] == "accuracy"
    assert next(line for line in lines if "support" in line).split() == [
        "precision", "recall", "f1", "support"
    ]  # fmt: skip
    assert lines[-1].split()[0] == "truck"
    assert lines[-1].split()[-1] == "2"
    assert not any("[" in line for line in lines)


def test_a_model_with_other_classes_is_not_evaluated(tmp_path, capsys):
    config = ViTConfig(width=16, depth=1, num_heads=2, mlp_dim=32, classes=100)
    checkpoints.write(tmp_path, config, initial_weights(config, 0))
    assert main(["evaluate", "--model", str(tmp_path), "--data", "sketch10"]) == 2
    assert "sketch10 has 10 classes" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["download", "train", "evaluate", "card", "bench"])
def test_every_option_says_what_it_is_for_in_at_most_20_words(command):
    (commands,) = [a for a in _parser()._actions if isinstance(a, argparse._SubParsersAction)]
    for option in commands.choices[command]._actions:
        assert 1 <= len((option.help or "").split()) <= 20, option.option_strings


def test_second_run_in_the_same_folder_is_refused(trained, capsys):
    folder, _ = trained
    assert main(["train", *SHORT, "--run-dir", str(folder)]) == 2
    assert "already has a run. Add --resume" in capsys.readouterr().err


def test_resume_with_other_options_is_refused_and_changes_nothing(trained, capsys):
    folder, _ = trained
    before = (folder / runs.DESCRIPTION).read_bytes(), (folder / events.FILE_NAME).read_bytes()
    arguments = ["train", "--run-dir", str(folder), "--resume", "--learning-rate", "0.5"]
    assert main(arguments) == 2
    assert "learning_rate (0.001 and 0.5)" in capsys.readouterr().err
    after = (folder / runs.DESCRIPTION).read_bytes(), (folder / events.FILE_NAME).read_bytes()
    assert after == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("train --epochs 0", "epochs must be above 0 and at most 100,000, got 0"),
        ("train --learning-rate -7", "learning_rate must be above 0 and at most 1e30, got -7"),
        ("train --learning-rate nan", "learning_rate must be above 0 and at most 1e30, got nan"),
        ("train --resume", "--resume needs --run-dir"),
        ("evaluate --model nobody", "model not found: 'nobody'"),
        ("evaluate --model ~nosuchuser/x", "model not found"),
        ("train --batch-size 100000000", "batch_size must be an integer <= 65,536"),
        ("evaluate --model nobody --num-images -1", "num_images must be an integer >= 0, got -1"),
        ("train --recipe flexi-cifar10-swa --epochs 0", "epochs must be above 0"),
        ("train --recipe flexi-cifar10-swa --patch-sizes 0", "integer from 1 to 32"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_status_two(arguments, message, capsys):
    assert main(arguments.split()) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith("error: ")
    assert message in printed.err
    assert not printed.out


@pytest.mark.parametrize("inside", ["file", "file/deeper"])
def test_folder_that_cannot_be_used_is_named(tmp_path, monkeypatch, capsys, inside):
    (tmp_path / "file").touch()
    end = "cannot be used: a file is in the way. Set "
    assert main(["train", *SHORT, "--run-dir", str(tmp_path / inside)]) == 2
    assert f"{inside} {end}--run-dir to another one" in capsys.readouterr().err
    monkeypatch.setenv("VITCORE_HOME", str(tmp_path / inside))
    assert main(["train", *SHORT]) == 2
    printed = capsys.readouterr().err
    assert f"runs {end}VITCORE_HOME or --run-dir to another one" in printed
    assert "Errno" not in printed


def test_folder_deleted_before_the_run_begins_is_not_made_anew(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("VITCORE_LIFELINE", "1")
    assert main(["train", *SHORT, "--run-dir", str(tmp_path / "gone")]) == 2
    assert "folder was deleted" in capsys.readouterr().err
    assert not (tmp_path / "gone").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--init-from", "nowhere"], "model not found: 'nowhere'"),
        (["--init-from", "plain-cifar10"], "init_from: architecture mismatch with plain-cifar10: "),
        (["--data", "cifar10", "--data-dir", "nowhere"], "nowhere"),
        (["--frozen", "zzz"], "frozen must list suffixes of weight names"),
    ],
)
def test_a_run_that_is_refused_leaves_nothing(tmp_path, monkeypatch, capsys, options, message):
    monkeypatch.setenv("VITCORE_HOME", str(tmp_path))
    for folder in (["--run-dir", str(tmp_path / "mine")], []):
        assert main(["train", *SHORT, *folder, *options]) == 2
        assert message in capsys.readouterr().err
    assert not [path for path in tmp_path.rglob("*") if not path.is_dir()]
    assert not (tmp_path / "mine").exists()
    assert not runs.list_runs()


@pytest.mark.parametrize("made", [False, True])
def test_there_must_be_a_run_to_go_on_with(tmp_path, capsys, made):
    folder = tmp_path / "mistyped"
    if made:
        folder.mkdir()
    assert main(["train", "--resume", "--run-dir", str(folder)]) == 2
    assert f"no run to resume in {folder}" in capsys.readouterr().err
    assert [*tmp_path.rglob("*")] == [folder] * made


def test_a_run_that_is_being_trained_is_not_gone_on_with_as_well(trained, tmp_path, capsys):
    folder = tmp_path / "mine"
    shutil.copytree(trained[0], folder)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        runs.write_description(folder, runs.read_run(folder).config, pid=other.pid)
        log = events.EventLog(folder)
        log("start", step=0, steps=3)
        log.close()
        before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        assert main(["train", "--resume", "--run-dir", str(folder)]) == 2
        other.communicate(b"\n")
    assert f"process {other.pid} is training" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


@pytest.fixture
def hears_interrupts():
    """What a shell starts in the background is told to ignore them; and none may end the tests."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(os.name != "posix", reason="elsewhere a signal cannot be sent so")
def test_a_termination_saves_first(tmp_path, monkeypatch):
    taken = []

    def terminated(trainer, *_, **__):
        taken.append(1)
        if len(taken) == 3:
            os.kill(os.getpid(), signal.SIGTERM)
        return quick_step(trainer)

    monkeypatch.setattr(Trainer, "begin", terminated)
    with pytest.raises(SystemExit) as ended:
        main(["train", *SHORT, "--steps", "9", "--run-dir", str(tmp_path / "run")])
    assert ended.value.code == 128 + signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    run = runs.read_run(tmp_path / "run")
    assert (run.state, run.step, run.saved) == ("interrupted", 3, 3)
    monkeypatch.setattr(Trainer, "begin", quick_step)
    assert main(["train", "--resume", "--run-dir", str(tmp_path / "run")]) == 0
    assert runs.read_run(tmp_path / "run").step == 9


@pytest.mark.skipif(os.name != "posix", reason="elsewhere a signal cannot be sent so")
@pytest.mark.usefixtures("hears_interrupts")
@pytest.mark.parametrize("times", [1, 2])
def test_an_interrupt_saves_first_and_a_second_one_does_not_wait(tmp_path, monkeypatch, times):
    taken = []

    def interrupted(trainer, *_, **__):
        taken.append(1)
        for _ in range(times if len(taken) == 3 else 0):
            os.kill(os.getpid(), signal.SIGINT)
        return quick_step(trainer)

    monkeypatch.setattr(Trainer, "begin", interrupted)
    usual = signal.getsignal(signal.SIGINT)
    assert main(["train", *SHORT, "--steps", "9", "--run-dir", str(tmp_path / "run")]) == 130
    assert signal.getsignal(signal.SIGINT) is usual
    run, saved = runs.read_run(tmp_path / "run"), times == 1
    assert (run.state, run.step) == (("stopped", 3) if saved else ("interrupted", 2))
    assert run.saved == (3 if saved else 0)
    monkeypatch.setattr(Trainer, "begin", quick_step)
    assert main(["train", "--resume", "--run-dir", str(tmp_path / "run")]) == 0
    assert runs.read_run(tmp_path / "run").step == 9


def test_a_run_without_its_state_keeps_what_it_learned(trained, tmp_path, capsys):
    folder = tmp_path / "mine"
    shutil.copytree(trained[0], folder)
    (folder / "state.safetensors").unlink()
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert main(["train", "--resume", "--run-dir", str(folder)]) == 2
    assert "mine has no state.safetensors" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("command", ["train --resume --run-dir", "card --name mine --model"])
def test_truncated_state_is_one_sentence(trained, tmp_path, capsys, command):
    folder = tmp_path / "mine"
    shutil.copytree(trained[0], folder)
    state = folder / "state.safetensors"
    state.write_bytes(state.read_bytes()[:1000])
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert main([*command.split(), str(folder)]) == 2
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    printed = capsys.readouterr().err
    assert "error: state.safetensors of mine is corrupted" in printed
    assert "start a new run" in printed


@pytest.mark.parametrize("option", ["--run-dir", "--data-dir"])
def test_home_of_nobody_is_refused_with_the_usage(option, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["train", option, "~nosuchuser/x"])
    assert ended.value.code == 2
    assert "user not found: ~nosuchuser/x" in capsys.readouterr().err


def test_a_card_is_not_shipped_over_the_model_it_is_made_from(trained, capsys):
    before = sorted(path for path in trained[0].rglob("*"))
    folder = str(trained[0])
    assert main(["card", "--name", "mine", "--model", folder, "--output-dir", folder]) == 2
    assert "--output-dir must differ from the folder of --model" in capsys.readouterr().err
    assert sorted(path for path in trained[0].rglob("*")) == before


def test_impossible_patch_size_is_refused(trained, capsys):
    arguments = ["evaluate", "--model", str(trained[0]), "--data", "sketch10", "--num-images", "10"]
    assert main([*arguments, "--patch-size", "0"]) == 2
    assert "integer from 1 to 32 (the image size), got 0" in capsys.readouterr().err
    assert main([*arguments, "--patch-size", "2.5"]) == 2
    assert "integer from 1 to 32 (the image size), got 2.5" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", ["", "fly", "train --preset huge", "train --epochs many", "evaluate"]
)
def test_what_is_no_command_is_answered_with_the_usage(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments.split())
    assert ended.value.code == 2
    assert "usage: python -m vitcore" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "what"), [("--patch-sizes", "integers"), ("--patch-size-probs", "numbers")]
)
def test_a_list_of_numbers_that_is_none_is_answered_with_its_rule(option, what, capsys):
    with pytest.raises(SystemExit):
        main(["train", option, "4,a"])
    said = f"argument {option}: must be comma-separated {what}, got '4,a'"
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("command", ["download", "train", "evaluate", "card", "lens", "bench"])
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert "--json" in capsys.readouterr().out
