"""Two replicas of the app behind nginx, under another name and path, by the file in .github."""

import io
import shutil
import subprocess

import numpy as np
import psutil
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.person import Person
from tests.browser.server import ROOT, free_port

NGINX = shutil.which("nginx")
pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not there")


@pytest.fixture
def replicas(start_app, tmp_path):
    """Two apps on one home, and the address of nginx before them."""
    settings = {
        "STREAMLIT_SERVER_BASE_URL_PATH": "vit",
        "STREAMLIT_SERVER_ALLOWED_HOSTS": "*",  # else there is no cookie to stay by
    }
    servers = [start_app(f"replica-{number}", path="/vit", variables=settings) for number in "12"]
    text = (ROOT / ".github" / "nginx.conf").read_text()
    port = free_port()
    ports = [*(one.port for one in servers), port]
    for old, new in zip(("8501", "8502", "8080"), ports, strict=True):
        assert text.count(old) == 1
        text = text.replace(old, str(new))
    (tmp_path / "nginx.conf").write_text(text)
    quiet = f"daemon off; pid {tmp_path}/pid; error_log {tmp_path}/error.log;"
    command = [NGINX, "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf"), "-g", quiet]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        yield servers, f"http://localhost:{port}/vit"
        process.terminate()


def test_a_person_stays_with_a_replica_and_goes_to_the_other_when_it_ends(browser, replicas):
    servers, address = replicas
    buffer = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (1200, 1200, 3), dtype=np.uint8)
    Image.fromarray(noise).save(buffer, "PNG")  # 4 MB, of which nginx by itself takes one
    person = Person(browser.new_page(), address).opens("Patches", patch_size=8)
    page = person.page
    for _ in range(2):
        person.chooses("image_source", "Upload")
        page.locator("input[type=file]").first.set_input_files(
            {"name": "noise.png", "mimeType": "image/png", "buffer": buffer.getvalue()}
        )
        expect(page.locator(".quiet-line").first).to_contain_text("1,200")
        page.reload()
        person.settles()
    serving = [one for one in servers if sessions(one)]
    assert len(serving) == 1
    serving[0].process.terminate()
    page.reload()
    person.settles()
    person.sees("Patch embedding")
    assert person.query()["patch_size"] == "8"
    (other,) = [one for one in servers if one is not serving[0]]
    assert sessions(other)
    page.close()


def sessions(server):
    """How many connections a replica holds."""
    connections = psutil.Process(server.process.pid).net_connections("tcp")
    return sum(one.status == psutil.CONN_ESTABLISHED for one in connections)
