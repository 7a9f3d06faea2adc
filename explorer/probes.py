"""What an operator's programs ask the server: whether it is well, and its metrics."""

import hmac

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from explorer import client, metrics
from explorer.sessions import server_sessions


async def health(_: Request) -> JSONResponse:
    """Whether people can be sent here: status 200, or 503 and why not."""
    worker = client.worker_status().state
    status = "ending" if server_sessions().ending else "failed" if worker == "failed" else "ok"
    said = {"status": status, "worker": worker}
    return JSONResponse(said, 200 if status == "ok" else 503, headers={"cache-control": "no-store"})


def scrape(request: Request) -> Response:
    """The metrics, for who holds the key: behind a proxy everybody comes from this machine."""
    if not (key := metrics.key()):
        return PlainTextResponse("Not found.", 404)
    given = request.headers.get("authorization", "").encode()
    if not hmac.compare_digest(given, f"Bearer {key}".encode()):
        return PlainTextResponse("Wrong key.", 401, {"www-authenticate": "Bearer"})
    return PlainTextResponse(metrics.text(), media_type="text/plain; version=0.0.4")
