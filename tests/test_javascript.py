"""JavaScript and CSS as prettier formats them, and without what eslint calls a fault."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from explorer.components.declared import sources
from vitcore.lens import page

ROOT = Path(__file__).resolve().parent.parent
UNUSED = "no-unused-vars"
FOLDERS = (ROOT / "explorer", ROOT / "vitcore", ROOT / "tests")


def files(*suffixes):
    return [
        file
        for folder in FOLDERS
        for file in sorted(folder.rglob("*"))
        if file.suffix in suffixes and "node_modules" not in file.parts
    ]


def tool(name):
    """The program, of tests/package.json or of the machine."""
    installed = ROOT / "tests" / "node_modules" / ".bin" / name
    found = str(installed) if installed.exists() else shutil.which(name)
    if not found or not shutil.which("node"):
        pytest.skip(f"{name} is not there: npm install --prefix tests")
    return found


def test_prettier_would_change_nothing():
    command = [tool("prettier"), "--list-different", *map(str, files(".js", ".css"))]
    checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert not checked.returncode, checked.stdout + checked.stderr


@pytest.fixture(scope="module")
def scripts():
    """What is drawn with, put together as the browser gets it, by name."""
    folders = sorted(file.parent.name for file in (ROOT / "explorer").rglob("script.js"))
    view = f"{page.sources()[2]}\nstart;"  # which the page calls
    return {**{name: sources(name)[2] for name in folders}, "view": view}


@pytest.fixture(scope="module")
def findings(scripts, tmp_path_factory):
    """What eslint says of each of them: (rule, line from 1, message)."""
    eslint, folder = tool("eslint"), tmp_path_factory.mktemp("scripts")
    for name, script in scripts.items():
        (folder / f"{name}.mjs").write_text(script, encoding="utf-8")
    shutil.copy(ROOT / "tests" / "eslint.config.mjs", folder)
    command = [eslint, "--format", "json", *(f"{name}.mjs" for name in scripts)]
    checked = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert checked.returncode in (0, 1), checked.stderr
    return {
        Path(one["filePath"]).stem: [
            (said["ruleId"], said["line"], said["message"]) for said in one["messages"]
        ]
        for one in json.loads(checked.stdout)
    }


def test_no_script_has_a_fault(findings):
    # What is unused in one script may be used in another that is drawn with the same file.
    faults = [(name, *one) for name, said in findings.items() for one in said if one[0] != UNUSED]
    assert not faults


@pytest.mark.parametrize("file", files(".js"), ids=lambda file: file.relative_to(ROOT).as_posix())
def test_nothing_is_unused_wherever_a_file_is(file, scripts, findings):
    text = file.read_text(encoding="utf-8")
    unused = []
    for name, script in scripts.items():
        if (start := script.find(text)) >= 0:
            above = script[:start].count("\n")
            last = above + text.count("\n")
            unused.append(
                {
                    (line - above, message)
                    for rule, line, message in findings[name]
                    if rule == UNUSED and above < line <= last
                }
            )
    assert unused, "no component is drawn with it"
    assert not set.intersection(*unused)
