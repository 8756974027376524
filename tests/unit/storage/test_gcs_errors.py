"""Every error that a bucket may give has one disposition, and no status is forgotten."""

import pytest
import requests.exceptions
import urllib3.exceptions
from google.auth import exceptions as auth

from streamlake.errors import Permanent, Retryable, StreamlakeError
from streamlake.local.bucket_calls import failure
from streamlake.storage import errors
from streamlake.storage.gcs_errors import EXCEPTIONS, REASONS, STATUS, from_exception, from_status, said

RETRYABLE = {408, 409, 412, 429, 500, 502, 503, 504}
BUSY = {"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded"}


@pytest.mark.parametrize("status", range(400, 600))
def test_every_status_is_retryable_or_permanent_and_says_what_to_do(status: int) -> None:
    error = from_status(status, failure(status, "", "The words of the bucket").body, "create a in gs://b")
    assert isinstance(error, Retryable if status in RETRYABLE or status not in STATUS else Permanent)
    assert error.next_step
    assert str(status) in error.message
    assert "create a in gs://b" in error.message
    assert "The words of the bucket" in error.message


@pytest.mark.parametrize("reason", REASONS)
def test_a_reason_says_more_than_a_number(reason: str) -> None:
    error = from_status(403, failure(403, reason, "").body, "create a")
    expected = errors.StoreBusy if reason in BUSY else REASONS[reason][0]
    assert type(error) is expected
    assert reason in error.message


def test_bytes_that_changed_on_their_way_are_sent_again_and_a_wrong_request_is_not() -> None:
    told = 'Provided CRC32C "AAAAAA==" doesn\'t match calculated CRC32C "n03x6A==".'
    assert isinstance(from_status(400, failure(400, "invalid", told).body, "create a"), errors.StoreTrouble)
    wrong = failure(400, "invalid", "Invalid bucket name: 'A B'")
    assert isinstance(from_status(400, wrong.body, "create a"), errors.StoreDenied)


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"<html>Bad Gateway</html>", b"[]", b"null", b'{"error": "x"}'])
def test_a_body_that_is_no_document_is_quoted(body: bytes) -> None:
    assert said(body)[0] == ""
    assert isinstance(from_status(502, body, "read a"), errors.StoreTrouble)


def raised(kind: type[Exception]) -> Exception:
    if issubclass(kind, urllib3.exceptions.HTTPError):
        return kind("cut off")
    return kind("it broke")


@pytest.mark.parametrize(
    ("kind", "disposition", "next_step", "sent"), EXCEPTIONS, ids=lambda v: getattr(v, "__name__", "")
)
def test_every_exception_of_the_network_has_a_disposition(
    kind: type[Exception], disposition: type[StreamlakeError], next_step: str, sent: bool
) -> None:
    silence = from_exception(raised(kind), "create a")
    assert type(silence.error) is disposition
    assert silence.error.next_step == next_step
    assert silence.sent is sent


def test_a_refused_connection_has_certainly_done_nothing() -> None:
    inner = urllib3.exceptions.NewConnectionError(None, "refused")  # type: ignore[arg-type] # nobody looks at it
    wrapped = requests.exceptions.ConnectionError(urllib3.exceptions.MaxRetryError(None, "/", inner))  # type: ignore[arg-type] # the same
    assert not from_exception(wrapped, "create a").sent
    assert from_exception(requests.exceptions.ConnectionError("reset by peer"), "create a").sent
    assert from_exception(requests.exceptions.ReadTimeout(), "create a").sent


def test_credentials_that_may_come_back_are_waited_for() -> None:
    later = auth.RefreshError("later", retryable=True)  # type: ignore[no-untyped-call] # it has no types
    assert isinstance(from_exception(later, "x").error, errors.StoreTrouble)
    assert isinstance(from_exception(raised(auth.RefreshError), "x").error, errors.NoCredentials)
    assert isinstance(from_exception(raised(auth.TransportError), "x").error, errors.StoreTrouble)
