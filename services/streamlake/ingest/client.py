"""Send portions of events to an API, as often as it takes, and keep count of what became of each."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_delay

from streamlake.errors import Misconfigured, Permanent, Refused, Retryable
from streamlake.ingest.event_file import Portion

_SECONDS: Final = 15.0  # the API answers within 12
_FIRST_WAIT_SECONDS: Final = 0.5
_LONGEST_WAIT_SECONDS: Final = 10.0
_KEPT_REFUSALS: Final = 100


class ApiUnreachable(Retryable):
    """The API does not answer, or does not take events, for longer than was to be waited."""

    code = "SL-0526"


class ApiRefuses(Refused):
    """The API refuses the key."""

    code = "SL-0527"


class WrongRequest(Misconfigured):
    """The API refuses the request as a whole: the dataset, the form, the size."""

    code = "SL-0530"


class NotAnApi(Permanent):
    """What answers is not a StreamLake API."""

    code = "SL-0528"


@dataclass(slots=True)
class Tally:
    """What became of the events so far."""

    accepted: int = 0
    dead_lettered: int = 0
    refused: int = 0
    attempts: int = 0
    repeated: int = 0
    offsets: dict[str, list[int]] = field(default_factory=dict)
    refusals: list[dict[str, Any]] = field(default_factory=list)

    @property
    def answered(self) -> int:
        """Events with a final answer."""
        return self.accepted + self.dead_lettered + self.refused

    def receipt(self, receipt: dict[str, Any]) -> None:
        """One event is kept."""
        if receipt["status"] == "accepted":
            self.accepted += 1
        else:
            self.dead_lettered += 1
        place = f"{receipt['topic']}/{receipt['partition']}"
        known = self.offsets.setdefault(place, [receipt["offset"], receipt["offset"]])
        known[:] = [min(known[0], receipt["offset"]), max(known[1], receipt["offset"])]

    def refusal(self, error: dict[str, Any]) -> None:
        """One event is not kept, and sending it again does not help."""
        self.refused += 1
        if len(self.refusals) < _KEPT_REFUSALS:
            self.refusals.append({name: error.get(name) for name in ("index", "type", "detail", "field")})


class _Again(Exception):
    """This attempt may be followed by another one."""

    def __init__(self, why: str, wait_seconds: float | None = None) -> None:
        super().__init__(why)
        self.wait_seconds = wait_seconds


def send(
    client: httpx.Client,
    dataset: str,
    portions: Iterable[Portion],
    *,
    salt: str,
    patience_seconds: float,
    tally: Tally,
    on_receipt: Callable[[dict[str, Any]], None],
    on_progress: Callable[[Tally], None],
) -> None:
    """Send all, in order. `tally` is true at any moment, also when this raises.

    Raises ApiUnreachable after `patience_seconds` without success for one portion, ApiRefuses, WrongRequest, NotAnApi.
    """
    for portion in portions:
        _Portion(client, dataset, portion, salt, tally, on_receipt).send(patience_seconds)
        on_progress(tally)


class _Portion:
    """One portion on its way. It goes again as a whole: an event's id comes from the key and its index, and must be the
    same at every attempt, also in a later run. What has its answer already comes back as a repeat."""

    def __init__(
        self,
        client: httpx.Client,
        dataset: str,
        portion: Portion,
        salt: str,
        tally: Tally,
        on_receipt: Callable[[dict[str, Any]], None],
    ) -> None:
        self._client = client
        self._path = f"/v1/datasets/{dataset}/events"
        self._portion = portion
        self._salt = salt
        self._tally = tally
        self._on_receipt = on_receipt
        self._settled: set[int] = set()

    def send(self, patience_seconds: float) -> None:
        """Until every event has a final answer."""
        try:
            for attempt in Retrying(
                retry=retry_if_exception_type((_Again, httpx.TransportError)),
                stop=stop_after_delay(patience_seconds),
                wait=_wait,
                reraise=True,
            ):
                with attempt:
                    self._once()
        except (_Again, httpx.TransportError) as error:
            why = str(error).removesuffix(".") or type(error).__name__
            raise ApiUnreachable(
                f"{self._client.base_url} did not take events for {patience_seconds:.0f} s: {why}.",
                next_step="`streamlake status` says why. Running this again goes on, with the same ids.",
            ) from error

    def _once(self) -> None:
        self._tally.attempts += 1
        answer = self._client.post(
            self._path,
            content=self._portion.body,
            headers={"Content-Type": self._portion.media, "Idempotency-Key": self._portion.attempt(self._salt)},
            timeout=_SECONDS,
        )
        said = _document(answer)
        errors = said.get("errors", [])
        if answer.status_code not in (202, 207) and not errors:
            if answer.status_code in (408, 429) or answer.status_code >= 500:
                raise _Again(said["detail"], _retry_after(answer))
            kind = ApiRefuses if answer.status_code in (401, 403) else WrongRequest
            raise kind(f"{answer.status_code} {said['detail']}", next_step=said.get("next_step", ""))
        for receipt in said.get("receipts", []):
            self._settle(receipt, self._tally.receipt, self._on_receipt)
        again = []
        for error in errors:
            if error["retryable"]:
                again.append(error)
            else:
                self._settle(error, self._tally.refusal)
        if again:
            raise _Again(again[0]["detail"], _retry_after(answer))

    def _settle(self, said: dict[str, Any], *tell: Callable[[dict[str, Any]], None]) -> None:
        """Take an event's final answer, under its number in the file; a second one for the same event is a repeat."""
        number = self._portion.first + said["index"]
        if number in self._settled:
            self._tally.repeated += 1
            return
        self._settled.add(number)
        for listener in tell:
            listener({**said, "index": number})


def _document(answer: httpx.Response) -> dict[str, Any]:
    try:
        said = answer.json()
    except ValueError:
        said = None
    if isinstance(said, dict) and ("receipts" in said or "detail" in said):
        return said
    if answer.status_code >= 500:
        raise _Again(f"{answer.status_code} without a reason")
    raise NotAnApi(
        f"{answer.url} answers {answer.status_code} as no StreamLake API does.", next_step="Is the address right?"
    )


def _retry_after(answer: httpx.Response) -> float | None:
    said = answer.headers.get("Retry-After", "")
    return float(said) if said.isdigit() else None


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, _Again) and error.wait_seconds is not None:
        return min(error.wait_seconds, _LONGEST_WAIT_SECONDS)
    return min(_FIRST_WAIT_SECONDS * 2.0 ** (state.attempt_number - 1), _LONGEST_WAIT_SECONDS)
