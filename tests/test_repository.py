"""What the repository holds and what it never holds."""

import re
import subprocess
import sys
import tomllib
from importlib.machinery import PathFinder
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
VISIBLE = {"explorer", "vitcore", "tests", "requirements.txt", "README.md"}
HIDDEN = {
    *(".streamlit", ".ci", ".github"),
    *(
        ".ruff.toml",
        ".pytest.ini",
        ".mypy.ini",
        ".prettierrc",
        ".pre-commit-config.yaml",
        ".gitignore",
    ),
}
# Written in two parts, so that this file does not find itself.
FORBIDDEN_WORDS = {
    "a path of one machine": re.compile("/wo" + r"rk/|/ro" + r"ot/|/ho" + r"me/\w|/Us" + r"ers/\w"),
    "a package registry's host": re.compile(
        "pypi" + r"\.org|pytho" + "nhosted|registry" + r"\.npm"
    ),
    "a promise without a date": re.compile(r"\bTO" + r"DO\b|\bFIX" + r"ME\b|\bX" + r"XX\b"),
}
TEXT = {".py", ".js", ".css", ".html", ".md", ".toml", ".txt", ".ini", ".svg", ".json", ""}


def tracked():
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_top_level_holds_what_it_should_and_nothing_else():
    assert {file.relative_to(ROOT).parts[0] for file in tracked()} == VISIBLE | HIDDEN


def test_both_copies_of_the_settings_are_the_same():
    # Streamlit reads the one of the current folder and the one beside the script.
    at_root = (ROOT / ".streamlit" / "config.toml").read_bytes()
    assert (ROOT / "explorer" / ".streamlit" / "config.toml").read_bytes() == at_root


def test_settings_ask_nothing_and_tell_nobody():
    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    assert settings["server"]["headless"] is True  # else the first start asks for an e-mail address
    assert settings["server"]["address"] == "127.0.0.1"
    assert settings["browser"]["gatherUsageStats"] is False


@pytest.mark.parametrize("what", FORBIDDEN_WORDS)
def test_no_file_holds(what):
    found = [
        f"{file.relative_to(ROOT)}: {match.group()}"
        for file in tracked()
        if file.suffix in TEXT
        for match in [FORBIDDEN_WORDS[what].search(file.read_text(encoding="utf-8"))]
        if match
    ]
    assert not found


def test_only_bundled_models_are_large():
    bundled = ROOT / "vitcore" / "checkpoints" / "bundled"
    large = {file for file in tracked() if file.stat().st_size > 1_000_000}
    assert {file for file in large if bundled not in file.parents} == set()
    assert sum(file.stat().st_size for file in large) < 60_000_000


def test_every_python_file_opens_with_one_sentence():
    opening = re.compile(r'^(#!.*\n)?("""|r""")\S.*\S', re.MULTILINE)
    missing = [
        str(file.relative_to(ROOT))
        for file in tracked()
        if file.suffix == ".py" and file.stat().st_size and not opening.match(file.read_text())
    ]
    assert not missing


def test_the_container_takes_the_app_and_nothing_else():
    text = (ROOT / ".github" / "Containerfile").read_text()
    copied = re.findall(r"^COPY (\S+) (\S+)$", text, re.MULTILINE)
    assert {source for source, _ in copied} == VISIBLE - {"tests", "README.md"} | {".streamlit"}
    assert {source: place for source, place in copied if source != place} == {
        "requirements.txt": "."
    }


def test_requirements_are_pinned():
    for name in ("requirements.txt", "tests/requirements.txt"):
        for line in (ROOT / name).read_text().splitlines():
            if line and not line.startswith("#"):
                assert re.match(r"[\w.-]+==\d", line), f"{name}: {line}"


def test_explorer_shadows_no_module_of_python_or_of_a_dependency():
    # `streamlit run explorer/app.py` puts explorer/ first on the path.
    elsewhere = [entry for entry in sys.path if entry and Path(entry).resolve() != ROOT]
    names = {entry.stem for entry in (ROOT / "explorer").iterdir() if entry.suffix in ("", ".py")}
    shadowed = {
        name
        for name in names - {"__init__", "__pycache__"}
        if name.isidentifier()
        and (name in sys.stdlib_module_names or PathFinder.find_spec(name, elsewhere))
    }
    assert not shadowed
