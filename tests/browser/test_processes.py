"""Which process holds what: the app has no TensorFlow, the worker has, and both are bounded."""

import json
import os
import re
import sys
import time
from functools import partial
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import expect
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.browser.person import Person
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
    variables = {"VITEXPLORER_METRICS_KEY": "key"}
    server = start_app("own", data=os.environ.get("VITCORE_DATA"), variables=variables)
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


def test_metrics_tell_what_a_person_caused(somebody, own_server):
    pytest.importorskip("prometheus_client")

    def told(name):
        ask = Request(f"{own_server.address}/metrics", headers={"Authorization": "Bearer key"})
        with urlopen(ask) as answer:
            lines = answer.read().decode().splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith(f"{name} "))

    runs = 'vitexplorer_script_run_duration_seconds_count{page="positions"}'
    before, alone = told(runs), told("vitexplorer_sessions")
    person = somebody(own_server).opens("Positions")
    person.waits_for_answer()
    assert told(runs) > before
    assert told("vitexplorer_sessions") == alone + 1
    assert told('vitexplorer_worker_state{state="ready"}') == 1
    assert told("vitexplorer_worker_resident_memory_bytes") > 100e6


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


def test_a_probe_hears_by_any_name_whether_the_worker_can_start(server, start_app):
    server.worker()
    while probed(server)[1]["worker"] != "ready":
        time.sleep(0.1)
    assert probed(server) == (200, {"status": "ok", "worker": "ready"})
    variables = {"KERAS_BACKEND": "none-such", "VITEXPLORER_LOG": "json"}
    broken = start_app("broken", variables=variables)
    while (found := probed(broken))[0] == 200:  # it has not tried yet
        time.sleep(0.1)
    broken.stop()
    assert found == (503, {"status": "failed", "worker": "failed"})
    lines = [line for line in broken.log.read_text().splitlines() if "none-such" in line]
    assert all("none-such" in json.loads(line)["exception"] for line in lines)
    assert lines


def test_told_to_end_a_server_takes_no_new_sessions_and_ends_though_one_stays(start_app):
    server = start_app("ending")
    url = f"ws{server.address.removeprefix('http')}/_stcore/stream"
    open_session = partial(connect, url, origin=server.address, subprotocols=["streamlit"])
    with open_session() as session:
        server.process.terminate()
        while (found := probed(server))[0] == 200:  # the signal is on its way
            time.sleep(0.01)
        assert (found[0], found[1]["status"]) == (503, "ending")
        with pytest.raises(InvalidStatus) as refusal:
            open_session().close()
        assert refusal.value.response.status_code == 503
        session.ping().wait(timeout=60)
        server.process.wait(timeout=60)


def probed(server):
    """What /healthz says: the status, and the rest."""
    try:
        with urlopen(Request(f"{server.address}/healthz", headers={"Host": "10.0.0.7"})) as answer:
            return answer.status, json.load(answer)
    except HTTPError as refusal:
        return refusal.code, json.load(refusal)


def test_the_address_is_this_machine_only(server):
    connections = server.app().net_connections(kind="inet")
    listening = {place.laddr.ip for place in connections if place.status == "LISTEN"}
    assert listening == {"127.0.0.1"}


def test_a_page_that_is_opened_after_a_restart_has_the_same_image(browser, start_app):
    data = os.environ.get("VITCORE_DATA")
    server, source = start_app("again", data=data), "sketch10" if data else "cifar10"
    selected = {"image_source": source, "image_class": "cat", "image_index": "3"}
    person = Person(browser.new_page(), server.address)
    person.opens("Patches", patch_size=8, **selected)
    shown = person.chosen("image_source")
    connected = re.compile("^CONNECTED$")
    app, state = person.page.get_by_test_id("stApp"), "data-test-connection-state"
    server.process.kill()
    server.process.wait()
    expect(app).not_to_have_attribute(state, connected)
    with server:  # on the same port
        expect(app).to_have_attribute(state, connected, timeout=30000)
        person.goes_to("Positions")
        assert person.chosen("image_source") == shown
        assert person.query() == {"patch_size": "8", **selected}
        person.page.close()
