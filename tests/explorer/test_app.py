"""The app's own process stays light."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OPEN_EVERY_PAGE = """
import sys
from streamlit.testing.v1 import AppTest
import explorer.app
from explorer import client
client.session._dispatcher().open = lambda: None  # no worker: only what this process loads counts
app = AppTest.from_file("explorer/main.py", default_timeout=60).run()
for page in ("patches", "positions", "attention/page", "train", "evaluate", "models"):
    app.switch_page(f"views/{page}.py").run()
    assert not app.exception, (page, app.exception)
print("loaded", *sys.modules)
"""


def test_no_page_loads_a_model_library_into_the_app(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", OPEN_EVERY_PAGE],
        cwd=ROOT,
        env={**os.environ, "VITCORE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    loaded = {name.partition(".")[0] for name in done.stdout.split("loaded ")[-1].split()}
    assert "vitcore" in loaded
    assert not loaded & {"tensorflow", "keras", "jax", "torch"}
