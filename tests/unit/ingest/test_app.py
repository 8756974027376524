"""What stands around the hot path: pages for whoever asks, and looks at contracts and keys that never end."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from streamlake.ingest import app
from streamlake.ingest.app import Api
from streamlake.settings import load

CONTRACTS = Path(__file__).parents[3] / "contracts"


@pytest.fixture
def api(tmp_path: Path) -> Api:
    settings = load({"STREAMLAKE_HOME": str(tmp_path), "STREAMLAKE_CONTRACTS_DIR": str(CONTRACTS)})
    return Api(settings, "streamlake-api", off_loopback=False)


@pytest.mark.parametrize("broken", ["_catalog", "_guard"])
def test_a_look_that_fails_is_no_end_of_looking(api: Api, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    """Else a key that is revoked afterwards would go on writing."""
    monkeypatch.setattr(app, "_LOOK_SECONDS", 0)
    looks = {"_catalog": 0, "_guard": 0}

    async def scenario() -> None:
        enough = asyncio.Event()
        loop = asyncio.get_running_loop()

        def look(which: str) -> None:
            looks[which] += 1
            if min(looks.values()) >= 3:
                loop.call_soon_threadsafe(enough.set)
            if which == broken:
                raise ZeroDivisionError

        for which in looks:
            monkeypatch.setattr(getattr(api, which), "look", lambda which=which: look(which))
        looking = asyncio.create_task(api._look())
        await asyncio.wait_for(enough.wait(), 10)
        looking.cancel()

    asyncio.run(scenario())


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/v1/datasets"])
def test_balancers_may_ask_with_head(api: Api, path: str) -> None:
    async def scenario() -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://a") as client:
            asked, head = await client.get(path), await client.head(path)
            assert head.status_code == asked.status_code != 405

    asyncio.run(scenario())


def test_a_body_for_no_page_is_read_before_the_answer(api: Api) -> None:
    """Who is still sending when the connection closes loses the answer, and tries again for ever."""
    told: list[Any] = []
    pieces = [{"type": "http.request", "body": b"x", "more_body": more} for more in (True, True, False)]

    async def receive() -> Any:
        told.append("received")
        return pieces.pop(0) if pieces else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        told.append(message.get("status", "body"))

    scope = {"type": "http", "method": "POST", "path": "/nope", "raw_path": b"/nope", "query_string": b""}
    scope |= {"headers": [(b"content-length", b"3")], "client": ("127.0.0.1", 1), "http_version": "1.1"}
    asyncio.run(api(scope, receive, send))
    assert told[:4] == ["received"] * 3 + [404]
