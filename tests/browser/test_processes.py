"""Which process holds what: the app has no TensorFlow, the worker has, and both are bounded."""

import os
import sys

import pytest
from playwright.sync_api import expect

from tests.browser.server import anonymous_megabytes, mapped

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def test_only_the_worker_has_tensorflow_and_memory_stays_within_bounds(person, server):
    person.opens("Attention", patch_size=2)
    person.waits_for_answer()
    for title in ("Patches", "Positions", "Overview", "Train", "Models"):
        person.goes_to(title)
    heavy = [path for path in mapped(server.app()) if "tensorflow" in path or "jaxlib" in path]
    assert heavy == []
    assert server.worker().pid != server.app().pid
    assert anonymous_megabytes(server.app()) < 300
    assert anonymous_megabytes(server.worker()) < 1200


@pytest.fixture(scope="module")
def own_server(start_app):
    """The app on a machine with the real CIFAR-10, where there is one; its processes may die."""
    server = start_app("own", data=os.environ.get("VITCORE_DATA"))
    yield server
    server.stop()


@pytest.mark.usefixtures("cifar10_folder")
def test_real_images_are_shown_where_there_are_some(somebody, own_server):
    person = somebody(own_server).opens(image_source="cifar10", image_class="ship")
    person.waits_for_answer()
    person.sees_patches(64)
    assert person.query()["image_class"] == "ship"
    person.slides_patch_size(8)
    person.sees_patches(16)
    assert person.inks(person.page.locator(".hero canvas.image")) > 300


def test_a_worker_that_dies_is_replaced_and_none_outlives_the_server(somebody, own_server):
    server = own_server
    person = somebody(server).opens()
    person.waits_for_answer()
    first = server.worker()
    first.kill()
    person.slides_patch_size(8)
    person.sees_patches(16)
    person.waits_for_answer()
    expect(person.page.locator(".bars li")).to_have_count(10)
    second = server.worker()
    assert second.pid != first.pid
    person.page.goto("about:blank")  # an app that is gone is no fault of the page
    server.process.terminate()
    server.process.wait(timeout=20)
    second.wait(timeout=20)
    assert not second.is_running()


def test_the_address_is_this_machine_only(server):
    connections = server.app().net_connections(kind="inet")
    listening = {place.laddr.ip for place in connections if place.status == "LISTEN"}
    assert listening == {"127.0.0.1"}
