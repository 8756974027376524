"""Classes of requests that are wrong, odd or rare as HTTP: lines, versions, targets, framing, headers, closings."""

from tests.fire.case import AUTHORIZATION, EVENTS, GOOD, LIVE, SMUGGLED, Case, post
from tests.fire.wire import chunked, request

TE = b"Transfer-Encoding: chunked"
_HEAD = b"POST " + EVENTS + b" HTTP/1.1\r\nHost: fire\r\nContent-Type: application/json\r\n" + AUTHORIZATION + b"\r\n"
_LENGTH = b"Content-Length: %d\r\n" % len(GOOD)


def _in_chunks(body: bytes, *headers: bytes, version: bytes = b"HTTP/1.1") -> bytes:
    return post(b"", *(headers or (TE,)), length=None, version=version) + body


def _refused(sent: bytes, says: str = "", status: int = 400) -> Case:
    """Refused by a word that ends the connection."""
    return Case(sent, status, stays=False, says=says)


LINES = {
    "a request line of one word": _refused(b"GET\r\n\r\n"),
    "HTTP/0.9": _refused(b"GET /livez\r\n\r\n"),
    "version 0.9, spelt out": _refused(b"GET /livez HTTP/0.9\r\nHost: fire\r\n\r\n", "0.9"),
    "version 1.0": Case(post(GOOD, version=b"HTTP/1.0"), 202, (GOOD,), stays=False),
    "version 1.0 without a host": Case(post(GOOD, version=b"HTTP/1.0", host=None), 202, (GOOD,), stays=False),
    "version 1.0 that would stay": Case(
        post(GOOD, b"Connection: keep-alive", version=b"HTTP/1.0"), 202, (GOOD,), stays=False
    ),
    "version 1.2": _refused(b"GET /livez HTTP/1.2\r\nHost: fire\r\n\r\n"),
    "version 2.0, spelt out": _refused(b"GET /livez HTTP/2.0\r\nHost: fire\r\n\r\n", "2.0"),
    "the preface of HTTP/2": _refused(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0"),
    "a TLS hello": _refused(bytes.fromhex("16030100c8010000c40303") + b"\r\n\r\n"),
    "another protocol": _refused(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "NULs": _refused(b"\0" * 64),
    "a NUL in the target": _refused(b"GET /livez\0 HTTP/1.1\r\nHost: fire\r\n\r\n"),
    "a tab between the words": _refused(b"GET\t/livez\tHTTP/1.1\r\nHost: fire\r\n\r\n"),
    "two spaces between the words": Case(b"GET  /livez  HTTP/1.1\r\nHost: fire\r\n\r\n", 200),
    "a method in small letters": _refused(LIVE.replace(b"GET", b"get")),
    "an unknown method": _refused(LIVE.replace(b"GET", b"BREW")),
    "white space before the method": _refused(b" " + LIVE),
    "line ends before the method": Case(b"\r\n\r\n" + LIVE, 200),
    "line ends of one LF": _refused(LIVE.replace(b"\r\n", b"\n")),
    "line ends of one CR": _refused(LIVE.replace(b"\r\n", b"\r")),
    "a request line without end": _refused(b"GET /" + b"a" * 70_000, status=431),
    "OPTIONS of everything": Case(b"OPTIONS * HTTP/1.1\r\nHost: fire\r\n\r\n", 404),
    "CONNECT": _refused(b"CONNECT fire:80 HTTP/1.1\r\nHost: fire\r\n\r\n" + SMUGGLED),
    "CONNECT of a path": _refused(b"CONNECT /livez HTTP/1.1\r\nHost: fire\r\n\r\n" + SMUGGLED, "proxy"),
    "TRACE": Case(request(b"/livez", method=b"TRACE"), 405),
    "HEAD": Case(request(EVENTS, None, AUTHORIZATION, method=b"HEAD"), 405, to_head=True, stays=False),
}

TARGETS = {
    "a target with scheme and host": Case(post(GOOD, target=b"http://other" + EVENTS), 202, (GOOD,)),
    "a target that is no URL": _refused(request(b"http://[", method=b"GET")),
    "a target that is a host": _refused(request(b"fire:80", method=b"GET")),
    "a target with a fragment": Case(post(GOOD, target=EVENTS + b"#part"), 202, (GOOD,)),
    "a target with letters beyond ASCII": _refused(post(GOOD, target=b"/v1/datasets/\xc3\xa9/events")),
    "a path with dots": Case(post(GOOD, target=b"/v1/datasets/x/../fire/events"), 404),
    "a path with encoded dots": Case(post(GOOD, target=b"/v1/datasets/%2e%2e/events"), 404, stays=False),
    "a path with an encoded slash": Case(post(GOOD, target=b"/v1/datasets/fire%2Fevents"), 404),
    "a path with a doubled slash": Case(post(GOOD, target=b"//v1/datasets/fire/events"), 404),
    "a path with a slash behind": Case(post(GOOD, target=EVENTS + b"/"), 404),
    "a path in capitals": Case(post(GOOD, target=b"/V1/datasets/fire/events"), 404),
    "a name with an encoded NUL": Case(post(GOOD, target=b"/v1/datasets/fire%00/events"), 404, stays=False),
    "a name encoded twice": Case(post(GOOD, target=b"/v1/datasets/%2566ire/events"), 404, stays=False),
    "a name encoded": Case(post(GOOD, target=b"/v1/datasets/%66ire/events"), 202, (GOOD,)),
    "a percent sign without digits": Case(post(GOOD, target=b"/v1/datasets/fire%zz/events"), 404, stays=False),
    "a name that is not UTF-8": Case(post(GOOD, target=b"/v1/datasets/%ff/events"), 404, stays=False),
    "a query that is not known": Case(post(GOOD, target=EVENTS + b"?dryrun=true"), 400, stays=False, says="dryrun"),
    "a query twice": Case(post(GOOD, target=EVENTS + b"?dry_run=false&dry_run=true"), 400, stays=False, says="twice"),
    "a query that is neither": Case(post(GOOD, target=EVENTS + b"?dry_run=1"), 400, stays=False, says="neither"),
    "a query with nothing in it": Case(post(GOOD, target=EVENTS + b"?"), 202, (GOOD,)),
    "a dry run": Case(post(GOOD, target=EVENTS + b"?dry_run=true"), 200),
}

FRAMING = {
    "length and chunks": _refused(_in_chunks(chunked(GOOD), TE, b"Content-Length: 6")),
    "length and chunks, a request inside": _refused(_in_chunks(chunked(b"") + SMUGGLED, b"Content-Length: 5", TE)),
    "chunks and length": _refused(_HEAD + TE + b"\r\nContent-Length: 6\r\n\r\n" + chunked(GOOD) + SMUGGLED),
    "two lengths that agree": _refused(_HEAD + _LENGTH * 2 + b"\r\n" + GOOD),
    "two lengths that differ": _refused(_HEAD + b"Content-Length: 3\r\n" + _LENGTH + b"\r\n" + GOOD + SMUGGLED),
    "a list of lengths": _refused(post(GOOD, b"Content-Length: 5, 5", length=None)),
    "a length with a sign": _refused(post(GOOD, b"Content-Length: +5", length=None)),
    "a length below zero": _refused(post(GOOD, b"Content-Length: -1", length=None)),
    "a length in hexadecimal": _refused(post(GOOD, b"Content-Length: 0x37", length=None)),
    "a length of no digits": _refused(post(GOOD, b"Content-Length:", length=None)),
    "a length above 2^64": _refused(post(GOOD, b"Content-Length: 18446744073709551617", length=None)),
    "a length of 2^63": Case(post(GOOD, b"Content-Length: 9223372036854775808", length=None), 413, stays=False),
    "a length and a space before the colon": _refused(post(GOOD, b"Content-Length : 5", length=None)),
    "no length": Case(post(b"", length=None), 400, says="empty"),
    "a length that is too short": Case(post(GOOD, length=len(GOOD) - 1), 400, then=(400,), stays=False),
    "a length that is too long, and the end": Case(post(GOOD, length=len(GOOD) + 1), None, stays=False, ends=True),
    "the end amid the head": Case(post(GOOD)[:40], None, stays=False, ends=True),
    "the end behind the request": Case(post(GOOD), 202, (GOOD,), stays=False, ends=True),
    "the end behind two requests": Case(post(GOOD) * 2, 202, (GOOD, GOOD), then=(202,), stays=False, ends=True),
    "the end amid the second request": Case(post(GOOD) + post(GOOD)[:-1], 202, (GOOD,), stays=False, ends=True),
    "chunks": Case(_in_chunks(chunked(GOOD, size=7)), 202, (GOOD,)),
    "chunks of one byte": Case(_in_chunks(chunked(GOOD, size=1)), 202, (GOOD,)),
    "chunks with leading zeros": Case(_in_chunks(b"000000" + chunked(GOOD)), 202, (GOOD,)),
    "chunks with a size that overflows": _refused(_in_chunks(b"10000000000000037\r\n" + GOOD + b"\r\n0\r\n\r\n")),
    "chunks with a size that is no number": _refused(_in_chunks(b"zz\r\n" + GOOD)),
    "chunks with a size with 0x": _refused(_in_chunks(b"0x" + chunked(GOOD))),
    "chunks with a size below zero": _refused(_in_chunks(b"-" + chunked(GOOD))),
    "chunks with a space behind the size": _refused(_in_chunks(chunked(GOOD, extension=b" "))),
    "chunks with lines of one LF": _refused(_in_chunks(chunked(GOOD).replace(b"\r\n", b"\n"))),
    "chunks with no size": _refused(_in_chunks(b"\r\n" + GOOD + b"\r\n0\r\n\r\n")),
    "chunks that are longer than they say": _refused(_in_chunks(b"5\r\n" + GOOD + b"\r\n0\r\n\r\n")),
    "chunks that end amid": Case(_in_chunks(chunked(GOOD))[:-9], None, stays=False, ends=True),
    "chunks with an extension": Case(_in_chunks(chunked(GOOD, extension=b';a="b;c"')), 202, (GOOD,)),
    "chunks with an extension with a line end": _refused(_in_chunks(chunked(GOOD, extension=b";a\nb"))),
    "chunks with an extension of 200,000 bytes": _refused(
        _in_chunks(chunked(GOOD, extension=b";" + b"a" * 200_000)), "extensions", 431
    ),
    "a trailer": Case(_in_chunks(chunked(GOOD, trailers=[b"X-Checksum: 1"])), 202, (GOOD,)),
    "a trailer that would change the body": Case(
        _in_chunks(chunked(GOOD, trailers=[b"Content-Encoding: gzip", b"ce-id: 1", b"Content-Type: text/plain"])),
        202,
        (GOOD,),
    ),
    "a trailer with a length": _refused(_in_chunks(chunked(GOOD, trailers=[b"Content-Length: 5"]))),
    "a trailer with a key": Case(
        request(EVENTS, b"", TE, length=None) + chunked(GOOD, trailers=[AUTHORIZATION]), 401, stays=False
    ),
    "trailers of 200,000 bytes": _refused(_in_chunks(chunked(GOOD, trailers=[b"a: " + b"b" * 200_000])), "", 431),
    "a trailer that is none": _refused(_in_chunks(chunked(GOOD, trailers=[b"no colon"]))),
    "two transfer codings": _refused(_in_chunks(chunked(GOOD), TE, TE)),
    "a transfer coding of gzip and chunks": _refused(
        _in_chunks(chunked(GOOD), b"Transfer-Encoding: gzip, chunked"), "only"
    ),
    "a transfer coding of chunks and gzip": _refused(_in_chunks(chunked(GOOD), b"Transfer-Encoding: chunked, gzip")),
    "a transfer coding that is misspelt": _refused(_in_chunks(chunked(GOOD), b"Transfer-Encoding: xchunked")),
    "a transfer coding of nothing": _refused(_in_chunks(chunked(GOOD), b"Transfer-Encoding: identity")),
    "a transfer coding in quotes": _refused(_in_chunks(chunked(GOOD), b'Transfer-Encoding: "chunked"')),
    "a transfer coding in capitals": Case(_in_chunks(chunked(GOOD), b"TRANSFER-ENCODING: CHUNKED"), 202, (GOOD,)),
    "a transfer coding behind a tab": Case(_in_chunks(chunked(GOOD), b"Transfer-Encoding:\tchunked"), 202, (GOOD,)),
    "a transfer coding behind a vertical tab": _refused(_in_chunks(chunked(GOOD), b"Transfer-Encoding: \x0bchunked")),
    "a transfer coding and a space before the colon": _refused(
        _in_chunks(chunked(GOOD), b"Transfer-Encoding : chunked")
    ),
    "a transfer coding on a folded line": _refused(_in_chunks(chunked(GOOD), b"Transfer-Encoding:\r\n chunked")),
    "a transfer coding in HTTP/1.0": _refused(_in_chunks(chunked(GOOD), TE, version=b"HTTP/1.0"), "1.1"),
    "a GET with a body": Case(request(b"/livez", SMUGGLED, method=b"GET"), 200),
    "two requests at once": Case(post(GOOD) + LIVE, 202, (GOOD,), then=(200,)),
    "a request and rubbish": Case(post(GOOD) + b"\0\0\r\n\r\n", 202, (GOOD,), then=(400,), stays=False),
    "two requests and rubbish": Case(post(GOOD) * 2 + b"{}\r\n\r\n", 202, (GOOD,) * 2, then=(202, 400), stays=False),
    "a request, and another with broken chunks": Case(
        post(GOOD) + _in_chunks(b"zz\r\n"), 202, (GOOD,), then=(400,), stays=False
    ),
    "a request behind one that says close": Case(
        post(GOOD, b"Connection: close") + SMUGGLED, 202, (GOOD,), stays=False
    ),
    "a request in the body of one that is refused": Case(post(SMUGGLED, b"Content-Encoding: br"), 415, stays=False),
}
