"""An offer to switch protocols is ignored, as RFC 9110 asks: Java's client and curl make it with a first request."""

import socket

import pytest

from tests.support.api import ApiUnderTest, event

pytestmark = pytest.mark.broker


@pytest.mark.parametrize("offer", ["h2c", "websocket"])
@pytest.mark.parametrize("name", ["Upgrade", "upgrade"])
def test_the_body_of_a_request_that_offers_an_upgrade_is_read(
    api: ApiUnderTest, dataset: str, offer: str, name: str
) -> None:
    body = event(1)
    head = (
        f"POST /v1/datasets/{dataset}/events HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\n"
        f"{name}: {offer}\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", api.port), timeout=20) as connection:
        connection.sendall(head.encode() + body)
        assert connection.recv(4096).startswith(b"HTTP/1.1 202")


def test_a_body_that_speaks_of_an_upgrade_is_untouched(api: ApiUnderTest, dataset: str) -> None:
    said = api.post(dataset, event(1)[:-1] + b',"note":"\\r\\nUpgrade: x"\r\n\r\nUpgrade : }')
    assert said.status == 400
    assert api.post(dataset, event(2)[:-1] + b"\r\nupgrade:1}").status == 400
