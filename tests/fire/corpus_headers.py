"""Classes of requests with odd headers: hosts, folds, numbers of them, expectations, offers, keys, attempts."""

from tests.fire.case import AUTHORIZATION, EVENTS, GOOD, KEY, LIVE, SMUGGLED, Case, post
from tests.fire.wire import request

_ATTEMPT = b"Idempotency-Key: "


def _refused(sent: bytes, says: str = "", status: int = 400) -> Case:
    return Case(sent, status, stays=False, says=says)


def _with(*headers: bytes) -> bytes:
    return post(GOOD, *headers)


def _keyed(value: bytes) -> bytes:
    return request(EVENTS, GOOD, b"Authorization:" + value)


HEADERS = {
    "no host": _refused(post(GOOD, host=None), "Host"),
    "two hosts": _refused(_with(b"Host: other"), "Host"),
    "a host that is none": _refused(post(GOOD, host=b"["), "Host"),
    "a host with a path": _refused(post(GOOD, host=b"fire/livez"), "Host"),
    "an empty host": Case(post(GOOD, host=b""), 202, (GOOD,)),
    "a host of IPv6": Case(post(GOOD, host=b"[::1]:8080"), 202, (GOOD,)),
    "a header on two lines": _refused(_with(b"X-Note: a\r\n b")),
    "a header without a colon": _refused(_with(b"X-Note")),
    "a header without a name": _refused(_with(b": a")),
    "a header with a space in its name": _refused(_with(b"X Note: a")),
    "a header with a CR": _refused(_with(b"X-Note: a\rb")),
    "a header with a NUL": _refused(_with(b"X-Note: a\0b")),
    "a header with bytes beyond ASCII": Case(_with(b"X-Note: \xff\xc3\xa9"), 202, (GOOD,)),
    "a header of 60,000 bytes": Case(_with(b"X-Note: " + b"a" * 60_000), 202, (GOOD,)),
    "a header of 70,000 bytes": _refused(_with(b"X-Note: " + b"a" * 70_000), status=431),
    "a header without end": _refused(_with(b"X-Note: ")[:80] + b"a" * 300_000, status=431),
    "5,000 headers": Case(_with(*[b"a:b"] * 5000), 202, (GOOD,)),
    "30,000 headers": _refused(_with(*[b"a:b"] * 30_000), status=431),
    "an expectation": Case(_with(b"Expect: 100-continue"), 202, (GOOD,)),
    "an expectation that nobody knows": Case(_with(b"Expect: the-impossible"), 202, (GOOD,)),
    "an offer of h2c": Case(
        _with(b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAM"), 202, (GOOD,)
    ),
    "an offer of a web socket": Case(
        request(b"/livez", None, b"Connection: Upgrade", b"Upgrade: websocket", method=b"GET") + LIVE, 200, then=(200,)
    ),
    "an offer behind another request": Case(
        LIVE + request(b"/livez", None, b"Connection: upgrade", b"Upgrade: h2c", method=b"GET") + LIVE,
        200,
        then=(200, 200),
    ),
    "an offer with a body behind another request": Case(
        LIVE + post(SMUGGLED, b"Connection: upgrade", b"Upgrade: h2c"), 200, then=(400,), stays=False
    ),
    "a connection that names a header it needs": Case(_with(b"Connection: content-length"), 202, (GOOD,)),
    "a client that closes": Case(_with(b"Connection: close"), 202, (GOOD,), stays=False),
    "an address that is claimed": Case(_with(b"X-Forwarded-For: 127.0.0.1", b"Forwarded: for=_x"), 202, (GOOD,)),
    "a method that is claimed": Case(_with(b"X-HTTP-Method-Override: DELETE"), 202, (GOOD,)),
    "a path that is claimed": Case(_with(b"X-Original-URL: /livez"), 202, (GOOD,)),
    "a header of ours": Case(_with(b'streamlake: {"ingestion_id":"forged"}'), 202, (GOOD,)),
}

KEYS = {
    "no key": _refused(request(EVENTS, GOOD), "no API key", 401),
    "an empty key": _refused(_keyed(b""), "Bearer", 401),
    "a scheme without a key": _refused(_keyed(b" Bearer"), "Bearer", 401),
    "a key without a scheme": _refused(_keyed(b" " + KEY), "Bearer", 401),
    "a key of another scheme": _refused(_keyed(b" Basic eDp5"), "Bearer", 401),
    "a key that is not known": _refused(_keyed(b" Bearer slk_nobody"), "not known", 401),
    "a key with more behind it": _refused(_keyed(b" Bearer " + KEY + b" x"), "not known", 401),
    "a key with its case changed": _refused(_keyed(b" Bearer SLK_" + KEY), "not known", 401),
    "a key beyond ASCII": _refused(_keyed(b" Bearer \xff\xfe"), "not known", 401),
    "a key of 60,000 bytes": _refused(_keyed(b" Bearer " + b"k" * 60_000), "not known", 401),
    "two keys": _refused(_with(AUTHORIZATION), "twice", 401),
    "a key in the query": _refused(request(EVENTS + b"?key=" + KEY, GOOD), "no API key", 401),
    "a scheme in small letters": Case(_keyed(b"  bearer   " + KEY), 202, (GOOD,)),
    "a key for another dataset": _refused(post(GOOD, target=b"/v1/datasets/locked/events"), "may not write", 403),
    "a key, and a dataset that is not known": _refused(post(GOOD, target=b"/v1/datasets/nosuch/events"), "nosuch", 404),
    "no key, and a dataset that is not known": _refused(
        request(b"/v1/datasets/nosuch/events", GOOD), "no API key", 401
    ),
}

ATTEMPTS = {
    "an attempt": Case(_with(_ATTEMPT + b"a-1") * 2, 202, (GOOD, GOOD), then=(202,)),
    "an attempt of 255 bytes": Case(_with(_ATTEMPT + b"k" * 255), 202, (GOOD,)),
    "an attempt of 256 bytes": _refused(_with(_ATTEMPT + b"k" * 256), "255"),
    "an attempt of nothing": _refused(_with(_ATTEMPT), "Idempotency-Key"),
    "an attempt beyond ASCII": _refused(_with(_ATTEMPT + b"\xc3\xa9"), "ASCII"),
    "an attempt with a tab": _refused(_with(_ATTEMPT + b"a\tb"), "ASCII"),
    "two attempts": _refused(_with(_ATTEMPT + b"a", _ATTEMPT + b"b"), "twice"),
}
