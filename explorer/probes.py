"""What an operator's programs ask the server."""

from starlette.requests import Request
from starlette.responses import JSONResponse

from explorer import client
from explorer.sessions import server_sessions


async def health(_: Request) -> JSONResponse:
    """Whether people can be sent here: status 200, or 503 and why not."""
    worker = client.worker_state()
    status = "ending" if server_sessions().ending else "failed" if worker == "failed" else "ok"
    said = {"status": status, "worker": worker}
    return JSONResponse(said, 200 if status == "ok" else 503, headers={"cache-control": "no-store"})
