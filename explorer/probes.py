"""What an operator's programs ask the server."""

from starlette.requests import Request
from starlette.responses import JSONResponse

from explorer import client


async def health(_: Request) -> JSONResponse:
    """Whether people can be sent here: status 200, or 503 where the worker cannot start."""
    worker = client.worker_state()
    well = worker != "failed"
    said = {"status": "ok" if well else "failed", "worker": worker}
    return JSONResponse(said, 200 if well else 503, headers={"cache-control": "no-store"})
