"""What the bucket or the network says, and what it means for a landing: the one place, which a test walks."""

import re
from typing import Final

import google.auth.exceptions
import msgspec
import requests.exceptions
import urllib3.exceptions

from streamlake.errors import StreamlakeError
from streamlake.storage.errors import NoCredentials, StoreBusy, StoreDenied, StoreMissing, StoreTrouble

_WAIT: Final = "It is tried again; `streamlake doctor` says whether the bucket answers."
_RATE: Final = "It is tried again with growing pauses; fewer, larger parts need fewer requests."
_ROLE: Final = "Give this service's account storage.objects.create, get and list on the bucket; it needs no more."
_BUCKET: Final = "Make the bucket, or correct STREAMLAKE_LAKE_URL. It is looked for once a minute."
_LOGIN: Final = (
    "Attach a service account to this machine, or name its file in GOOGLE_APPLICATION_CREDENTIALS. "
    "For an emulator set STORAGE_EMULATOR_HOST."
)
_ENDPOINT: Final = "STORAGE_EMULATOR_HOST must be http://host:port, with its scheme."
_BILLING: Final = "Have the project's billing and account looked at; landing goes on by itself afterwards."
_RETENTION: Final = (
    "Nothing in a lake is ever replaced or deleted, so a retention policy is no hindrance to landing; see the page."
)

Kind = type[StreamlakeError]

STATUS: Final[dict[int, tuple[Kind, str]]] = {
    400: (
        StoreDenied,
        "The bucket does not take such a request: is the bucket's name right, is it a requester-pays one?",
    ),
    401: (NoCredentials, _LOGIN),
    403: (StoreDenied, _ROLE),
    404: (StoreMissing, _BUCKET),
    405: (StoreDenied, _ENDPOINT),
    408: (StoreTrouble, _WAIT),
    409: (StoreTrouble, _WAIT),
    411: (StoreDenied, _ENDPOINT),
    412: (StoreTrouble, _WAIT),
    413: (
        StoreDenied,
        "Something in front of the bucket takes no bodies of this size; let parts close at fewer bytes.",
    ),
    429: (StoreBusy, _RATE),
    500: (StoreTrouble, _WAIT),
    502: (StoreTrouble, _WAIT),
    503: (StoreTrouble, _WAIT),
    504: (StoreTrouble, _WAIT),
}

REASONS: Final[dict[str, tuple[Kind, str]]] = {
    "rateLimitExceeded": (StoreBusy, _RATE),
    "userRateLimitExceeded": (StoreBusy, _RATE),
    "quotaExceeded": (StoreBusy, _RATE),
    "backendError": (StoreTrouble, _WAIT),
    "internalError": (StoreTrouble, _WAIT),
    "accountDisabled": (StoreDenied, _BILLING),
    "retentionPolicyNotMet": (StoreDenied, _RETENTION),
    "objectUnderActiveHold": (StoreDenied, _RETENTION),
}
"""Where the reason says more than the number: a rate limit also comes as a 403."""

# In this order: the first that fits holds. The flag says that the request may have reached the bucket.
EXCEPTIONS: Final[tuple[tuple[type[Exception], Kind, str, bool], ...]] = (
    (google.auth.exceptions.TransportError, StoreTrouble, _WAIT, False),
    (google.auth.exceptions.GoogleAuthError, NoCredentials, _LOGIN, False),
    (requests.exceptions.InvalidSchema, StoreDenied, _ENDPOINT, False),
    (requests.exceptions.MissingSchema, StoreDenied, _ENDPOINT, False),
    (requests.exceptions.InvalidURL, StoreDenied, _ENDPOINT, False),
    (requests.exceptions.ConnectTimeout, StoreTrouble, _WAIT, False),
    (requests.exceptions.RequestException, StoreTrouble, _WAIT, True),
    (urllib3.exceptions.HTTPError, StoreTrouble, _WAIT, True),
    (OSError, StoreTrouble, _WAIT, True),
)

KINDS: Final = tuple(kind for kind, *_ in EXCEPTIONS)

# The checksum that we sent does not fit what arrived: the bytes were changed on their way, and nothing was stored.
_CHANGED: Final = re.compile(r"doesn't match calculated|(crc32c|md5)\b.*\bmatch", re.IGNORECASE | re.DOTALL)


class NoAnswer(Exception):
    """The bucket was not heard. `sent` says that the request may have reached it, so it may have been done."""

    def __init__(self, error: StreamlakeError, *, sent: bool) -> None:
        super().__init__(str(error))
        self.error = error
        self.sent = sent


class _Part(msgspec.Struct):
    reason: str = ""


class _Told(msgspec.Struct):
    message: str = ""
    errors: list[_Part] = []


class _Document(msgspec.Struct):
    error: _Told


_decode: Final = msgspec.json.Decoder(_Document).decode


def said(body: bytes) -> tuple[str, str]:
    """The reason and the message of an error's body, empty where there is none: it need not be JSON."""
    try:
        told = _decode(body).error
    except msgspec.DecodeError:
        return "", " ".join(body.decode(errors="replace").split())[:300]
    return next((part.reason for part in told.errors), ""), " ".join(told.message.split())[:300].rstrip(".")


def from_status(status: int, body: bytes, doing: str) -> StreamlakeError:
    """The error of an answer. What the table does not know is tried again: that never loses a record."""
    reason, message = said(body)
    kind, next_step = REASONS.get(reason) or STATUS.get(status) or (StoreTrouble, _WAIT)
    if status == 400 and _CHANGED.search(message):
        kind, next_step = StoreTrouble, _WAIT
    more = f": {message}" if message else ""
    return kind(
        f"Could not {doing}: the bucket answered {status}{' ' + reason if reason else ''}{more}.", next_step=next_step
    )


def from_exception(error: Exception, doing: str) -> NoAnswer:
    """What a failed exchange means. The exception must be one of those in EXCEPTIONS."""
    kind, next_step, sent = next((k, n, s) for type_, k, n, s in EXCEPTIONS if isinstance(error, type_))
    if isinstance(error, google.auth.exceptions.GoogleAuthError) and (error.retryable or _unreachable(error)):
        kind, next_step = StoreTrouble, _WAIT
    reason = " ".join(_words(error).split())[:300].rstrip(".")
    told = kind(f"Could not {doing}: {_cause(error) or reason}.", next_step=next_step)
    return NoAnswer(told, sent=sent and not _refused(error))


def _chain(error: BaseException) -> list[BaseException]:
    """The error and what it was made of: requests wraps urllib3's, which wraps the system's."""
    found: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting and len(found) < 12:
        one = waiting.pop()
        if isinstance(one, BaseException) and one not in found:
            found.append(one)
            waiting += [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]
    return found


def _words(error: BaseException) -> str:
    """What it says: some carry the error before them as their text."""
    inner = error.args[0] if error.args else None
    if isinstance(inner, BaseException):
        return _words(inner)
    return inner if isinstance(inner, str) and len(error.args) > 1 else str(error)


def _unreachable(error: Exception) -> bool:
    """Whoever gives the credentials was not reached, which may pass."""
    return any(isinstance(e, requests.exceptions.RequestException) for e in _chain(error))


def _refused(error: Exception) -> bool:
    """Nobody was there to take the request, so certainly nothing was done."""
    return any(isinstance(e, urllib3.exceptions.NewConnectionError | ConnectionRefusedError) for e in _chain(error))


def _cause(error: Exception) -> str:
    """The system's own words where there are some: they say it shorter than three wrappings."""
    for found in _chain(error):
        if isinstance(found, TimeoutError):
            return "no answer in time"
        if (
            isinstance(found, OSError)
            and found.strerror
            and not isinstance(found, requests.exceptions.RequestException)
        ):
            return found.strerror
    return ""
