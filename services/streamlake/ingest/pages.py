"""Everything but the events: health, metrics, what is accepted, and the description. Plain FastAPI."""

import asyncio
import functools
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from streamlake import __version__, metrics, vitals
from streamlake.ingest import description, openapi
from streamlake.ingest.catalog import Catalog
from streamlake.ingest.errors import NoSuchCall, Refusal, WrongMethod
from streamlake.ingest.guard import Guard
from streamlake.ingest.results import problem

_NOT_READY: Final[dict[str, Any]] = {
    "description": "Not now, with the reason",
    "headers": {"Retry-After": {"schema": {"type": "integer"}}},
    "content": {"application/json": {"schema": {"type": "object", "required": ["status", "reason"]}}},
}


def pages(
    catalog: Catalog, guard: Guard, not_ready: Callable[[], str | None], state_dir: Path, contracts_dir: Path
) -> FastAPI:
    """The application. `not_ready` says why not, or None."""
    app = FastAPI(title="StreamLake ingest API", version=__version__, redoc_url=None, redirect_slashes=False)

    @app.get("/livez", summary="The process runs")
    async def livez() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz", summary="Events are taken now", responses={503: _NOT_READY})
    async def readyz() -> Response:
        why = not_ready()
        if why is None:
            return JSONResponse({"status": "ready"})
        return JSONResponse({"status": "not ready", "reason": why}, 503, {"Retry-After": "1"})

    @app.get(
        "/metrics",
        summary="Metrics of every process on this machine: JSON, or Prometheus text by Accept",
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    )
    async def measured(request: Request) -> Response:
        guard.scraper(request.scope["headers"], request.client.host if request.client else "")
        documents = await asyncio.to_thread(vitals.gather, state_dir)
        if wants_text(request.headers.get("accept", "")):
            return Response(metrics.as_prometheus(documents), media_type=metrics.CONTENT_TYPE)
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return JSONResponse(metrics.as_json(documents, now, catalog.names()))

    @app.get("/v1/datasets", summary="What is accepted")
    async def datasets(request: Request) -> dict[str, Any]:
        guard.reader(request.scope["headers"])
        return {"datasets": [description.summary(catalog.get(name).contract) for name in catalog.names()]}

    @app.get("/v1/datasets/{dataset}", summary="Fields, key, limits and examples of one dataset")
    async def dataset(dataset: str, request: Request) -> dict[str, Any]:
        guard.reader(request.scope["headers"])
        return await asyncio.to_thread(description.detail, catalog.get(dataset).contract, contracts_dir)

    for path, page in (("/livez", livez), ("/readyz", readyz), ("/metrics", measured), ("/v1/datasets", datasets)):
        app.head(path, include_in_schema=False)(page)  # balancers ask so
    app.add_exception_handler(Refusal, _problem)
    app.add_exception_handler(HTTPException, _not_found)
    described = functools.cache(functools.partial(_described, app.openapi))
    app.openapi = described  # type: ignore[method-assign] # FastAPI's documented way
    return app


def wants_text(accept: str) -> bool:
    """Prometheus asks for text; whoever asks for JSON, for anything, or for nothing gets JSON. The first one counts."""
    for choice in accept.lower().split(","):
        media = choice.split(";")[0].strip()
        if media in ("text/plain", "application/openmetrics-text", "text/*"):
            return True
        if media in ("application/json", "*/*", "application/*"):
            return False
    return False


async def _problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)  # noqa: S101 - what it is registered for
    said = problem(error)
    headers = {name.decode(): value.decode() for name, value in said.headers}
    return Response(said.body, said.status, headers, media_type=said.media.decode())


async def _not_found(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - what it is registered for
    where = f"{request.method} {request.scope['path'][:128]}"
    if error.status_code == WrongMethod.status:
        answer = await _problem(request, WrongMethod(f"{where}: not with this method."))
        answer.headers["allow"] = (error.headers or {}).get("Allow", "GET")
        return answer
    return await _problem(request, NoSuchCall(f"there is no {where}.", next_step="GET /openapi.json lists all calls."))


def _described(describe: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    return openapi.document(describe())
