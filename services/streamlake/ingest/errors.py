"""What the ingest API says no to: each with its HTTP status, its id and its page.

    Refusal                          the request as a whole gets this answer
    ├── Malformed           400      bytes that cannot be read: the sentence names the place
    ├── NoKey               401
    ├── WrongKey            403
    ├── UnknownDataset      404
    ├── NoSuchCall          404      (WrongMethod: 405)
    ├── TooSlow             408
    ├── TooLarge            413
    ├── UnknownMediaType    415
    ├── BreaksContract      422
    ├── TooBusy             429      with Retry-After
    ├── HeadTooLarge        431
    ├── ContractBroken      503      with Retry-After; nothing was sent
    ├── LogUnavailable      503      with Retry-After; nothing was sent
    ├── OutcomeUnknown      503      with Retry-After; it may have been written
    └── Stopping            503      with Retry-After

A `Refusal` is Rejected (the client is at fault), Retryable or Unknown, as its class says; it never becomes a 500.
"""

from typing import ClassVar

from streamlake.errors import Misconfigured, Refused, Rejected, Retryable, StreamlakeError, Unknown


class Refusal(StreamlakeError):
    """The answer to a request is a problem document."""

    status: ClassVar[int]
    title: ClassVar[str]
    retry_after_seconds: ClassVar[int | None] = None
    close: ClassVar[bool] = False
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body_ended: bool = False
    """Whether it was said when the body had come to its end: nothing is left to be read, the connection may go on."""

    def __init__(self, message: str, *, next_step: str = "", **extra: object) -> None:
        super().__init__(message, next_step=next_step)
        self.extra: dict[str, object] = extra


class Malformed(Refusal, Rejected):
    """The body, a header or the query cannot be read."""

    code = "SL-0501"
    status = 400
    title = "Not readable"


class NoKey(Refusal, Rejected):
    """There is no API key, or it is not known."""

    code = "SL-0502"
    status = 401
    title = "API key missing or unknown"
    headers = ((b"www-authenticate", b"Bearer"),)


class WrongKey(Refusal, Rejected):
    """The API key may not write this dataset."""

    code = "SL-0503"
    status = 403
    title = "API key not allowed"


class UnknownDataset(Refusal, Rejected):
    """There is no dataset of this name."""

    code = "SL-0504"
    status = 404
    title = "Unknown dataset"


class TooLarge(Refusal, Rejected):
    """A body, an event or a batch is above its limit."""

    code = "SL-0505"
    status = 413
    title = "Too large"


class UnknownMediaType(Refusal, Rejected):
    """The Content-Type or the Content-Encoding is none that is taken here."""

    code = "SL-0506"
    status = 415
    title = "Media type not supported"
    headers = ((b"accept-encoding", b"gzip, zstd"),)


class BreaksContract(Refusal, Rejected):
    """The events were read, and break the dataset's contract."""

    code = "SL-0507"
    status = 422
    title = "Breaks the contract"


class TooBusy(Refusal, Retryable):
    """This process holds as many events or connections as it may."""

    code = "SL-0508"
    status = 429
    title = "Too much at once"
    retry_after_seconds = 1


class LogUnavailable(Refusal, Retryable):
    """Kafka does not take events now; nothing of what is refused was sent."""

    code = "SL-0509"
    status = 503
    title = "The log does not take events now"
    retry_after_seconds = 5


class OutcomeUnknown(Refusal, Unknown):
    """Sent to Kafka, and no answer came in time: it may have been written."""

    code = "SL-0510"
    status = 503
    title = "Outcome unknown"
    retry_after_seconds = 5


class TooSlow(Refusal, Rejected):
    """The body came slower than it must."""

    code = "SL-0511"
    status = 408
    title = "The body came too slowly"
    close = True


class Stopping(Refusal, Retryable):
    """The process is going down and takes no more events."""

    code = "SL-0512"
    status = 503
    title = "Stopping"
    retry_after_seconds = 2
    close = True


class NoSuchCall(Refusal, Rejected):
    """No such path."""

    code = "SL-0513"
    status = 404
    title = "No such call"


class WrongMethod(NoSuchCall):
    """There is such a path, but not with this method."""

    status = 405
    title = "Method not allowed"
    headers = ((b"allow", b"POST"),)


class HeadTooLarge(Refusal, Rejected):
    """The request line and headers are above their limit, or not HTTP."""

    code = "SL-0514"
    status = 431
    title = "Request header too large"
    close = True


class ContractBroken(Refusal, Retryable):
    """The dataset is there, but its contract cannot be read here: nobody could say what an event must be."""

    code = "SL-0516"
    status = 503
    title = "The dataset's contract cannot be used"
    retry_after_seconds = 30


class Bug(Refusal):
    """The API met something that it was not written for."""

    code = "SL-0515"
    status = 500
    title = "A bug in StreamLake"


class BadKeysFile(Misconfigured):
    """The file of API keys cannot be read, or not be changed."""

    code = "SL-0520"


class UnsafeListening(Refused):
    """The API would listen off loopback without keys or without TLS."""

    code = "SL-0521"


class CannotListen(Misconfigured):
    """The address is taken, not ours, or not allowed."""

    code = "SL-0522"


class BadCertificate(Misconfigured):
    """The certificate or its key cannot be used."""

    code = "SL-0523"


class NoSuchKey(Misconfigured):
    """There is no API key of this id."""

    code = "SL-0524"
