"""A head that two readers could read differently is refused."""

import pytest

from streamlake.ingest import head

HOST = (b"host", b"fire:8080")
CHUNKED = (b"transfer-encoding", b"chunked")
LENGTH = (b"content-length", b"5")


@pytest.mark.parametrize(
    ("version", "headers", "upgrade"),
    [
        ("1.1", [HOST], False),
        ("1.1", [(b"host", b"")], False),
        ("1.1", [(b"host", b"[::1]:8080")], False),
        ("1.0", [], False),
        ("1.0", [HOST, LENGTH], False),
        ("1.1", [HOST, CHUNKED], False),
        ("1.1", [HOST, (b"transfer-encoding", b"Chunked")], False),
        ("1.1", [HOST, (b"content-length", b"0")], True),
    ],
)
def test_what_is_taken(version: str, headers: head.Headers, upgrade: bool) -> None:
    assert head.fault(b"POST", version, headers, upgrade=upgrade) is None


@pytest.mark.parametrize(
    ("version", "headers", "upgrade", "word"),
    [
        ("0.9", [HOST], False, "0.9"),
        ("2.0", [HOST], False, "2.0"),
        ("1.1", [], False, "Host"),
        ("1.1", [HOST, HOST], False, "Host"),
        ("1.0", [HOST, HOST], False, "Host"),
        ("1.1", [(b"host", b"[")], False, "Host"),
        ("1.1", [(b"host", b"a/b")], False, "Host"),
        ("1.1", [(b"host", b"a b")], False, "Host"),
        ("1.1", [HOST, CHUNKED, CHUNKED], False, "Transfer-Encoding"),
        ("1.1", [HOST, (b"transfer-encoding", b"gzip, chunked")], False, "Transfer-Encoding"),
        ("1.0", [HOST, CHUNKED], False, "Transfer-Encoding"),
        ("1.1", [HOST, LENGTH], True, "Upgrade"),
        ("1.1", [HOST, CHUNKED], True, "Upgrade"),
    ],
)
def test_what_is_refused(version: str, headers: head.Headers, upgrade: bool, word: str) -> None:
    assert word in (head.fault(b"POST", version, headers, upgrade=upgrade) or "")


def test_a_tunnel_is_refused() -> None:
    assert "proxy" in (head.fault(b"CONNECT", "1.1", [HOST], upgrade=True) or "")


def test_the_size_of_a_head() -> None:
    assert head.size(b"/livez", [HOST]) == len(b"/livez" + b"host: fire:8080\r\n")
