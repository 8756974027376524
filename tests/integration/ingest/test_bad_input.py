"""Bad input gets a 4xx that names the place, or is kept with its bytes. Never a 5xx, never changed bytes, and nothing
is created for a name that is not registered."""

import gzip
import json
import os
import socket
import time
import zlib

import pytest
import zstandard

from streamlake.ingest.limits import MAX_BODY_BYTES
from streamlake.kafka.names import raw_topic
from tests.support.api import ApiUnderTest, array, event, read_all
from tests.support.broker import BrokerUnderTest, until

pytestmark = pytest.mark.broker

DEEP = b'{"id":"x","at":"2026-11-21T07:00:00Z","f":1,"d":%b%b}'
GOOD = b'{"id":"x","at":"2026-11-21T07:00:00Z","f":1,"more":%b}'
REFUSED = {
    "empty": (b"", 400, "byte 0"),
    "blank": (b" \n", 400, "byte 0"),
    "broken": (b'{"id":"x",}', 400, "byte 10"),
    "cut short": (event(1)[:-1], 400, "byte"),
    "two documents": (event(1) + event(2), 400, "byte"),
    "NaN": (GOOD % b"NaN", 400, "NaN"),
    "Infinity": (GOOD % b"-Infinity", 400, "Infinity"),
    "byte order mark": (b"\xef\xbb\xbf" + event(1), 400, "byte 0"),
    "UTF-16": (event(1).decode().encode("utf-16"), 400, "byte 0"),
    "UTF-16 without a mark": (event(1).decode().encode("utf-16-be"), 400, "byte 0"),
    "lone surrogate": (GOOD % b'"\\ud800"', 400, "byte"),
    "lone surrogate, raw": (GOOD % b'"\xed\xa0\x80"', 400, "byte"),
    "not UTF-8": (GOOD % b'"\xff"', 400, "byte"),
    "NUL": (b"\0" + event(1), 400, "UTF-16"),
    "depth 150": (DEEP % (b"[" * 150, b"]" * 150), 400, "64"),
    "depth 10,000": (DEEP % (b"[" * 10_000, b"]" * 10_000), 400, "64"),
    "depth 10,000, open": (b"[" * 10_000, 400, "byte"),
    "a million brackets": (b"[" * 1_000_000, 400, ""),
    "a number": (b"3", 422, "object"),
    "null": (b"null", 422, "object"),
    "an array in an array": (b"[[]]", 422, "object"),
    "no event": (b"[]", 400, "no event"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_names_the_place(api: ApiUnderTest, broker: BrokerUnderTest, dataset: str, case: str) -> None:
    body, status, place = REFUSED[case]
    said = api.post(dataset, body)
    assert said.status == status
    assert said.headers["content-type"] == "application/problem+json"
    assert place in said.json["detail"]
    assert said.json["error_id"].startswith("SL-05")
    assert broker.read(raw_topic(dataset)) == []


KEPT = [
    GOOD % b"18446744073709551616",
    GOOD % b"1e400",
    GOOD % b"0.1000000000000000055511151231257827",
    GOOD % b'"\\ud83d\\ude00 \\u0000 \xe2\x80\xa8"',
    b'{"id":"x","id":"x","at":"2026-11-21T07:00:00Z","f":1,"f":1.0}',
    DEEP % (b"[" * 63, b"]" * 63),
    b'\r\n{\n"id"\t:"x","at":"2026-11-21T07:00:00Z","f":1}\r\n',
]


def test_what_is_kept_keeps_its_bytes(api: ApiUnderTest, broker: BrokerUnderTest, dataset: str) -> None:
    for body in KEPT:
        assert api.post(dataset, body).status == 202
    assert api.post(dataset, array(*KEPT)).json["accepted"] == len(KEPT)
    values = [message.value() for message in broker.read(raw_topic(dataset))]
    assert values == KEPT + [body.strip() for body in KEPT]


NAMES = [
    "nosuch",
    "..",
    "%2e%2e",
    "..%2fx",
    "a%00b",
    "%00",
    "a" * 1025,
    "ORDERS",
    "%ff",
    "all",
    "a%20b",
    "%e2%82%ac",
    "",
]


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_name_creates_nothing(api: ApiUnderTest, broker: BrokerUnderTest, name: str) -> None:
    before = sorted(broker.admin().list_topics(timeout=5).topics)
    for said in (
        api.ask("POST", f"/v1/datasets/{name}/events", event(1), {"Content-Type": "application/json"}),
        api.ask("GET", f"/v1/datasets/{name}/events"),
    ):
        assert said.status in (404, 405)
        assert said.headers["content-type"] == "application/problem+json"
        assert len(said.body) < 2000
    assert sorted(broker.admin().list_topics(timeout=5).topics) == before
    assert not [path for path in api.home.rglob("*") if path.name.startswith("nosuch")]


@pytest.mark.parametrize("path", ["/v1/datasets/../x/events", "/v1/datasets/x/../../events", "/v1/datasets/x/events/"])
def test_a_path_that_climbs_is_no_call(api: ApiUnderTest, path: str) -> None:
    said = api.ask("POST", path, event(1), {"Content-Type": "application/json"})
    assert said.status == 404
    assert said.headers["content-type"] == "application/problem+json"


def test_the_nearest_names_are_told(api: ApiUnderTest) -> None:
    said = api.post("frist", event(1))
    assert (said.status, said.json["nearest"]) == (404, ["first"])


@pytest.mark.parametrize(
    "sent",
    [
        b"\0\0\0\0\r\n\r\n",
        b"GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /v1/datasets/\xff/events HTTP/1.1\r\nHost: x\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /v1/datasets/first/events HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/datasets/first/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST /v1/datasets/first/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /livez HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 200_000,
        b"GET /" + b"x" * 200_000,
    ],
)
def test_what_is_no_http_gets_a_4xx(api: ApiUnderTest, sent: bytes) -> None:
    said = api.raw(sent, close=True)
    assert said.startswith(b"HTTP/1.1 4"), said[:200]
    assert api.get_status("/livez") == 200


@pytest.mark.parametrize(("size", "status"), [(1_048_576, 202), (1_048_577, 413)])
def test_one_mebibyte_an_event_and_not_a_byte_more(
    api: ApiUnderTest, broker: BrokerUnderTest, dataset: str, size: int, status: int
) -> None:
    incompressible = os.urandom(1 << 20).hex().encode()
    head = event(1)[:-1] + b',"pad":"'
    body = head + incompressible[: size - len(head) - 2] + b'"}'
    assert len(body) == size
    said = api.post(dataset, body)
    assert said.status == status
    both = api.post(dataset, array(event(2), body))
    assert both.status == (202 if status == 202 else 207)
    assert len(broker.read(raw_topic(dataset))) == (3 if status == 202 else 1)


def test_eight_mebibytes_a_request_after_decompression(api: ApiUnderTest, dataset: str) -> None:
    lines = b"\n".join(event(number, pad=900_000) for number in range(10))
    exact = lines[: MAX_BODY_BYTES - 1] + b"\n"
    for body, status in ((exact, 207), (exact + b"\n", 413)):
        assert api.post(dataset, body, "application/x-ndjson").status == status
        packed = gzip.compress(body, 1)
        assert api.post(dataset, packed, "application/x-ndjson", content_encoding="gzip").status == status
        packed = zstandard.ZstdCompressor().compress(body)
        assert api.post(dataset, packed, "application/x-ndjson", content_encoding="zstd").status == status


def test_ten_thousand_events_a_request(api: ApiUnderTest, dataset: str) -> None:
    assert api.post(dataset, array(*[event(1)] * 10_000)).json["accepted"] == 10_000
    assert api.post(dataset, array(*[event(1)] * 10_001)).status == 413


def test_a_content_length_that_is_too_large_is_refused_without_reading(api: ApiUnderTest, dataset: str) -> None:
    head = f"POST /v1/datasets/{dataset}/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", api.port), timeout=10) as connection:
        connection.sendall(f"{head}Content-Length: 8388609\r\nExpect: 100-continue\r\n\r\n".encode())
        said = read_all(connection, 10)
    assert said.startswith(b"HTTP/1.1 413")
    assert b"100 Continue" not in said
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_bomb_is_refused_with_bounded_memory(api: ApiUnderTest, dataset: str, encoding: str) -> None:
    bomb = (
        zlib.compress(bytes(400 << 20), 9, wbits=31)
        if encoding == "gzip"
        else zstandard.ZstdCompressor().compress(bytes(400 << 20))
    )
    assert len(bomb) < MAX_BODY_BYTES
    before = api.rss()
    said = api.post(dataset, bomb, content_encoding=encoding)
    assert said.status == 413
    assert api.rss() - before < 64 << 20


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(event(1))[:-3]),
        ("gzip", b"plain"),
        ("gzip", b""),
        ("gzip", gzip.compress(event(1)) + b"rest"),
        ("zstd", zstandard.ZstdCompressor().compress(event(1))[:-1]),
        ("zstd", gzip.compress(event(1))),
    ],
    ids=["gzip cut short", "no gzip", "nothing", "gzip and more", "zstd cut short", "gzip for zstd"],
)
def test_a_damaged_compressed_body_is_a_400(api: ApiUnderTest, dataset: str, encoding: str, body: bytes) -> None:
    said = api.post(dataset, body, content_encoding=encoding)
    assert said.status == 400
    assert encoding in said.json["detail"]


def test_a_body_without_end_is_a_413_with_bounded_memory(api: ApiUnderTest, dataset: str) -> None:
    before = api.rss()
    head = f"POST /v1/datasets/{dataset}/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n"
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    sent = 0
    with socket.create_connection(("127.0.0.1", api.port), timeout=20) as connection:
        connection.sendall(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n")
        try:
            while sent < 200 << 20:
                connection.sendall(chunk)
                sent += len(chunk)
        except OSError:
            pass  # the other side hung up, as it should
        said = read_all(connection, 5)
    assert sent < 200 << 20
    assert said.startswith(b"HTTP/1.1 413") or said == b""
    assert api.rss() - before < 64 << 20
    assert api.get_status("/livez") == 200


def test_a_client_that_stops_at_the_limit_reads_its_413(api: ApiUnderTest, dataset: str) -> None:
    head = f"POST /v1/datasets/{dataset}/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n"
    chunk = b"100000\r\n" + b"x" * (1 << 20) + b"\r\n"
    with socket.create_connection(("127.0.0.1", api.port), timeout=20) as connection:
        connection.sendall(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 9)
        said = read_all(connection, 10)
    assert said.startswith(b"HTTP/1.1 413")
    assert json.loads(said.split(b"\r\n\r\n", 1)[1])["error_id"] == "SL-0505"


def test_slow_senders_are_closed_and_others_served_meanwhile(api: ApiUnderTest, dataset: str) -> None:
    """A body that drips, a body that stops, a head that drips: each is closed in the time that the limits say."""
    head = f"POST /v1/datasets/{dataset}/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n".encode()
    starts = [head + b"Content-Length: 1000\r\n\r\n{", head + b"Content-Length: 1000\r\n\r\n", head, b""]
    began = time.monotonic()
    connections = [socket.create_connection(("127.0.0.1", api.port), timeout=1) for _ in starts]
    for connection, start in zip(connections, starts, strict=True):
        connection.sendall(start)
    closed: dict[int, bytes] = {}

    def drip_until_closed() -> bool:
        for index, connection in enumerate(connections):
            if index in closed:
                continue
            try:
                if index in (0, 2):
                    connection.sendall(b" ")
                connection.settimeout(0.1)
                closed[index] = connection.recv(4096)
            except TimeoutError:
                pass
            except OSError:
                closed[index] = b""
        assert api.post(dataset, event(1)).status == 202
        return len(closed) == len(connections)

    until(drip_until_closed, 25)
    assert 9 < time.monotonic() - began < 20
    assert closed[0].startswith(b"HTTP/1.1 408")
    assert closed[1].startswith(b"HTTP/1.1 408")
    for connection in connections:
        connection.close()


def test_a_client_that_leaves_amid_its_body_harms_nobody(api: ApiUnderTest, dataset: str) -> None:
    head = f"POST /v1/datasets/{dataset}/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n".encode()
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", api.port), timeout=5) as connection:
            connection.sendall(head + b"Content-Length: 100\r\n\r\n" + event(1)[:20])
    assert api.post(dataset, event(2)).status == 202
    assert not [line for line in api.logged() if line["level"] == "ERROR"]
