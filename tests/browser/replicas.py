"""Replicas of the app behind nginx, as the file in .github sets it up."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.browser.server import ROOT, Server, free_port

NGINX = shutil.which("nginx")
PATH = "/vit"
SETTINGS = {
    "STREAMLIT_SERVER_BASE_URL_PATH": PATH[1:],
    "STREAMLIT_SERVER_ALLOWED_HOSTS": "*",  # else there is no cookie to stay by
}


@contextmanager
def behind_nginx(servers: list[Server], folder: Path) -> Iterator[str]:
    """The address of an nginx before two servers, started with `PATH` and `SETTINGS`."""
    text = (ROOT / ".github" / "nginx.conf").read_text()
    port = free_port()
    ports = [*(one.port for one in servers), port]
    for old, new in zip(("8501", "8502", "8080"), ports, strict=True):
        assert text.count(old) == 1
        text = text.replace(old, str(new))
    (folder / "nginx.conf").write_text(text)
    quiet = f"daemon off; pid {folder}/pid; error_log {folder}/error.log;"
    command = [NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", quiet]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            yield f"http://localhost:{port}{PATH}"
        finally:
            process.terminate()


def sessions(server: Server) -> int:
    """How many connections a replica holds."""
    connections = psutil.Process(server.process.pid).net_connections("tcp")
    return sum(one.status == psutil.CONN_ESTABLISHED for one in connections)
