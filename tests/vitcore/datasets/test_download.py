"""A download is resumed, checked, converted whole, and explains each failure in a sentence."""

import hashlib
import http.server
import shutil
import threading

import pytest

from tests.vitcore.datasets import cifar10_files as files
from vitcore import cache
from vitcore.datasets import DataError, cifar10, download, download_cifar10, find_cifar10

COUNT = 20


class Server(http.server.ThreadingHTTPServer):
    """Serves one file; a test may make it ignorant of ranges, wrong or broken."""

    daemon_threads = True
    content = b""
    knows_ranges = True
    stops_after = None  # bytes of one answer, after which the connection ends
    status = None
    asked: list

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/file"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # noqa: N802  (the name that http.server looks for)
        server = self.server
        asked = self.headers.get("Range")
        server.asked.append(asked)
        if server.status:
            return self.send_error(server.status)
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        start = start if server.knows_ranges else 0
        body = server.content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        if start:
            size = len(server.content)
            self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
        self.end_headers()
        self.wfile.write(body[: server.stops_after])
        return None

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server(small, rng):
    folder = small / "source" / "cifar-10-batches-py"
    files.write_folder(folder, rng, count=COUNT)
    files.write_archive(small / "archive", folder)
    server = Server(("127.0.0.1", 0), Handler)
    server.content = (small / "archive").read_bytes()
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def fetched(server, progress=None, **changes):
    expected = {
        "url": server.url,
        "size": len(server.content),
        "sha256": hashlib.sha256(server.content).hexdigest(),
    }
    return download_cifar10(progress, **{**expected, **changes})


def kept():
    """What lies in the data folder, locks aside."""
    return {path.name for path in cache.data_home().iterdir()} - {"cifar-10-python.tar.gz.lock"}


PART = "cifar-10-python.tar.gz.part"


def test_it_is_fetched_converted_and_found(server):
    seen = []
    folder = fetched(server, lambda done, size: seen.append((done, size)))
    assert seen[-1] == (len(server.content), len(server.content))
    assert seen == sorted(seen)
    assert kept() == {folder.name}
    assert (find_cifar10().origin, find_cifar10().ready) == ("cache", True)
    assert len(cifar10("train")[0]) == 5 * COUNT


def test_what_is_there_is_not_fetched_again(server):
    fetched(server)
    fetched(server)
    assert len(server.asked) == 1


def test_a_downloaded_set_comes_before_a_converted_one(server, small):
    cifar10(data_dir=small / "source")
    folder = fetched(server)
    assert find_cifar10().path == folder


@pytest.mark.parametrize("knows_ranges", [True, False])
def test_an_interrupted_download_goes_on(server, knows_ranges):
    server.stops_after = 100_000
    with pytest.raises(DataError, match=r"interrupted at 0 of 0 MB .* Start it again"):
        fetched(server)
    assert kept() == {PART}
    assert (cache.data_home() / PART).stat().st_size == 100_000

    server.stops_after, server.knows_ranges = None, knows_ranges
    fetched(server)
    assert server.asked == [None, "bytes=100000-"]
    assert len(cifar10()[0]) == COUNT


def test_stopping_by_progress_keeps_what_has_arrived(server, monkeypatch):
    monkeypatch.setattr(download, "_CHUNK", 50_000)

    def stop(done, size):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetched(server, stop)
    assert (cache.data_home() / PART).stat().st_size == 50_000
    fetched(server)
    assert server.asked[-1] == "bytes=50000-"


def test_a_wrong_checksum_throws_the_file_away(server):
    with pytest.raises(DataError, match="Checksum mismatch"):
        fetched(server, sha256="0" * 64)
    assert kept() == set()
    assert find_cifar10() is None


def test_a_part_that_is_too_long_is_started_again(server):
    cache.data_home().mkdir(parents=True)
    (cache.data_home() / PART).write_bytes(server.content + b"more")
    fetched(server)
    assert server.asked == [None]


def test_an_archive_whose_conversion_was_interrupted_is_not_fetched_again(server):
    cache.data_home().mkdir(parents=True)
    (cache.data_home() / "cifar-10-python.tar.gz").write_bytes(server.content)
    fetched(server)
    assert server.asked == []
    assert kept() == {"cifar10-published"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"status": 404}, r"127.0.0.1:\d+ returned 404 \(Not Found\)"),
        ({"status": 503}, "returned 503"),
        ({"content": b"<html>"}, r"must send \d+ bytes, got 6"),
        ({"stops_after": 0}, "could not be reached"),
    ],
)
def test_a_server_that_fails_is_quoted(server, change, message):
    right = {"size": len(server.content), "sha256": "0" * 64}
    for name, value in change.items():
        setattr(server, name, value)
    with pytest.raises(DataError, match=message):
        fetched(server, **right)
    assert "cifar10-published" not in kept()


def test_no_network_is_one_sentence(server):
    server.shutdown()
    server.server_close()
    said = r"127.0.0.1:\d+ could not be reached \(.*refused.*\)\. .*VITCORE_DATA"
    with pytest.raises(DataError, match=said):
        fetched(server)


def test_too_little_disk_space_is_said_before_anything_is_fetched(server, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 9, 1))
    with pytest.raises(DataError, match=r"needs \d+ MB of free disk space and has 0 MB"):
        fetched(server)
    assert server.asked == []


def test_two_downloads_at_once_do_not_mix(server):
    def again(done, size):
        with pytest.raises(DataError, match="Another download"):
            fetched(server)

    fetched(server, again)
    assert len(server.asked) == 1


def test_a_broken_archive_behind_a_right_checksum_installs_nothing(server):
    server.content = server.content[: len(server.content) // 2]
    with pytest.raises(DataError, match="broken"):
        fetched(server)
    assert find_cifar10() is None
