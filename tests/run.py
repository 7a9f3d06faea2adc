"""Run every test on a machine that has Python and nothing else.

python3 tests/run.py [pytest arguments]
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
REQUIREMENTS = (ROOT / "requirements.txt", ROOT / "tests" / "requirements.txt")
SHARED_CIFAR10 = ROOT.parent / "shared" / "cifar10" / "make_batches.py"
# The same browser without windows comes first: tests take two thirds of the time in it.
HEADLESS = "chromium-headless-shell"
BROWSER_NAMES = (
    HEADLESS,
    "google-chrome",
    "google-chrome-stable",
    "chromium",
    "chromium-browser",
    "chrome",
)
BROWSER_PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
PYTHONS = ("3.11", "3.12", "3.13")  # those that TensorFlow is built for
# Three files at once, since those in a browser often wait; these come first, so that nothing long
# is left for the end.
AT_ONCE = ("-q", "-n", "3", "--dist", "loadfile", "--no-loadscope-reorder")
IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}


def say(line: str) -> None:
    print(f"tests/run.py: {line}", flush=True)


def environment_python() -> Path:
    """The Python of the virtual environment, made and filled where it is missing or out of date."""
    inside = "Scripts/python.exe" if os.name == "nt" else "bin/python"
    python = ENVIRONMENT / inside
    if not python.exists():
        say(f"making {ENVIRONMENT.name}")
        make_environment()
    version = subprocess.check_output([python, "-c", "import sys; print(sys.version)"])
    wanted = hashlib.sha256(version + b"".join(file.read_bytes() for file in REQUIREMENTS))
    stamp = ENVIRONMENT / ".requirements"
    if not stamp.exists() or stamp.read_text() != wanted.hexdigest():
        say("installing requirements (once, some minutes)")
        files = [part for file in REQUIREMENTS for part in ("-r", str(file))]
        subprocess.run(
            [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", *files],
            check=True,
        )
        stamp.write_text(wanted.hexdigest())
    return python


def make_environment() -> None:
    """Debian's Python comes without the module that puts pip into a new environment."""
    command = [sys.executable, "-m", "venv", str(ENVIRONMENT)]
    made = subprocess.run(command, check=False)
    if made.returncode == 0:
        return
    install_debian_packages("python3-venv")
    subprocess.run([*command, "--clear"], check=True)


def administrator() -> list[str] | None:
    """What to put before a command that changes the system; None where that would ask a person."""
    if not shutil.which("apt-get") or not hasattr(os, "geteuid"):
        return None
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if (
        sudo
        and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0
    ):
        return [sudo, "-n"]
    return None


def install_debian_packages(*names: str) -> bool:
    """Whether the packages were installed. Never asks."""
    prefix = administrator()
    if prefix is None:
        return False
    say(f"installing Debian's {', '.join(names)}")
    quiet = {
        "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        "stdin": subprocess.DEVNULL,
        "stdout": subprocess.DEVNULL,
        "check": False,
    }
    subprocess.run([*prefix, "apt-get", "update", "-q"], **quiet)
    install = [*prefix, "apt-get", "install", "-q", "-y", "--no-install-recommends", *names]
    return subprocess.run(install, **quiet).returncode == 0


def find_browser() -> str | None:
    """A Chrome or Chromium on this machine, by its path."""
    if named := os.environ.get("CHROMIUM"):
        return named if Path(named).is_file() else shutil.which(named)
    found = (shutil.which(name) for name in BROWSER_NAMES)
    placed = (place for place in BROWSER_PLACES if Path(place).is_file())
    return next(filter(None, (*found, *placed)), None)


def browser() -> str | None:
    """A browser, installed where that can be done without asking."""
    found = find_browser()
    # Not `chromium`: Ubuntu's is a stub that wants a snap store. Of this one it has none.
    if found is None and install_debian_packages(HEADLESS):
        found = find_browser()
    return found


def cifar10_folder(python: str) -> str | None:
    """Where CIFAR-10 is: VITCORE_DATA, else unpacked once from a copy beside the checkout."""
    if named := os.environ.get("VITCORE_DATA"):
        return named
    if not SHARED_CIFAR10.is_file():
        return None
    kept = Path(tempfile.gettempdir()) / "vitcore-cifar10"
    if not (kept / "complete").exists():
        say("unpacking CIFAR-10 (once, about half a minute)")
        subprocess.run([python, SHARED_CIFAR10, kept], check=True, stdout=subprocess.DEVNULL)
        (kept / "complete").touch()
    return str(kept)


def main(arguments: list[str]) -> int:
    """Set up, check the style, test; the status of the first that failed."""
    if not ENVIRONMENT.exists() and f"{sys.version_info[0]}.{sys.version_info[1]}" not in PYTHONS:
        other = next(filter(None, (shutil.which(f"python{version}") for version in PYTHONS)), None)
        if other is None:
            say(f"Python {', '.join(PYTHONS)} is needed, and this is {sys.version.split()[0]}.")
            return 2
        return subprocess.run([other, __file__, *arguments], check=False).returncode
    python = str(environment_python())
    environment = {**os.environ}

    found = browser()
    if found:
        environment["CHROMIUM"] = found
    elif IN_CI:
        say("no Chrome or Chromium, and CI must not skip the browser tests: install one.")
        return 2
    else:
        say("no Chrome or Chromium: the browser tests are skipped. Install either to run them.")
    if folder := cifar10_folder(python):
        environment["VITCORE_DATA"] = folder

    checks = (
        [python, "-m", "ruff", "check", "."],
        [python, "-m", "ruff", "format", "--check", "."],
        [python, "-m", "pytest", *(arguments or AT_ONCE)],
    )
    failed = [
        (" ".join(check[2:4]), status)
        for check in checks
        if (status := subprocess.run(check, cwd=ROOT, env=environment, check=False).returncode)
    ]
    for name, status in failed:
        say(f"{name} failed with status {status}")
    return failed[0][1] if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
