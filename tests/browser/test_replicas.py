"""Two replicas of the app behind nginx, under another name and path, by the file in .github."""

import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.person import Person
from tests.browser.replicas import NGINX, PATH, SETTINGS, behind_nginx, sessions

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not there")


@pytest.fixture
def replicas(start_app, tmp_path):
    """Two apps, and the address of nginx before them."""
    servers = [start_app(f"replica-{number}", path=PATH, variables=SETTINGS) for number in "12"]
    with behind_nginx(servers, tmp_path) as address:
        yield servers, address


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
