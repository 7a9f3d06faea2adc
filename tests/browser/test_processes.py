"""Which process holds what: the app has no TensorFlow, the worker has, and both are bounded."""

import sys

import pytest
from playwright.sync_api import expect

from tests.browser.server import anonymous_megabytes, mapped

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def test_the_app_process_has_no_tensorflow_and_the_worker_has(person, server):
    person.opens()
    person.waits_for_answer()
    for title in ("Patches", "Positions", "Attention", "Train", "Models"):
        person.goes_to(title)
    heavy = [path for path in mapped(server.app()) if "tensorflow" in path or "jaxlib" in path]
    assert heavy == []
    assert server.worker().pid != server.app().pid


def test_memory_stays_within_bounds(person, server):
    person.opens("Attention", patch_size=2)
    person.waits_for_answer()
    assert anonymous_megabytes(server.app()) < 300
    assert anonymous_megabytes(server.worker()) < 1200


def test_a_worker_that_dies_is_replaced(somebody, start_app):
    server = start_app("dying-worker")
    person = somebody(server).opens()
    person.waits_for_answer()
    first = server.worker()
    first.kill()
    person.slides_patch_size(8)
    person.sees_patches(16)
    person.waits_for_answer()
    expect(person.page.locator(".bars li")).to_have_count(10)
    assert server.worker().pid != first.pid


def test_stopping_the_server_leaves_no_process(start_app):
    server = start_app("stopped")
    worker = server.worker()
    server.process.terminate()
    server.process.wait(timeout=20)
    worker.wait(timeout=20)
    assert not worker.is_running()


def test_the_address_is_this_machine_only(server):
    connections = server.app().net_connections(kind="inet")
    listening = {place.laddr.ip for place in connections if place.status == "LISTEN"}
    assert listening == {"127.0.0.1"}
