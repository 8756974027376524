"""How much one worker holds for all its requests at once: back-pressure before memory."""

from streamlake.ingest.errors import TooBusy
from streamlake.ingest.limits import MAX_HELD_BYTES, MAX_HELD_EVENTS, MAX_HELD_REQUESTS


class Admission:
    """Bytes and events of every request that is not answered yet. Used from the event loop only."""

    def __init__(
        self,
        max_bytes: int = MAX_HELD_BYTES,
        max_events: int = MAX_HELD_EVENTS,
        max_requests: int = MAX_HELD_REQUESTS,
    ) -> None:
        self.max_bytes = max_bytes
        self.max_events = max_events
        self.max_requests = max_requests
        self.bytes = 0
        self.events = 0
        self.requests = 0


class Share:
    """One request's part, given back as a whole when the request is over."""

    __slots__ = ("_admission", "_bytes", "_events")

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._bytes = 0
        self._events = 0

    def hold(self, bytes: int, events: int = 0) -> None:
        """Take so much more, or raise TooBusy and take nothing."""
        all_of_us = self._admission
        # A request that is alone is always let in: its own limits are below these.
        alone = all_of_us.requests == 1
        if not alone and (
            all_of_us.bytes + bytes > all_of_us.max_bytes
            or all_of_us.events + events > all_of_us.max_events
            or all_of_us.requests > all_of_us.max_requests
        ):
            raise TooBusy(
                f"{all_of_us.events:,} events and {all_of_us.bytes:,} bytes are on their way to Kafka.",
                next_step="Send it again after the time in Retry-After.",
            )
        all_of_us.bytes += bytes
        all_of_us.events += events
        self._bytes += bytes
        self._events += events

    def give_back(self) -> None:
        """Nothing of the request is held any more, though its answer may still be on its way.

        A refused request is read on for a while, to be answered at all. If it held its bytes so long, many that come
        together would fill the worker with halves and all of them would be refused.
        """
        self._admission.bytes -= self._bytes
        self._admission.events -= self._events
        self._bytes = self._events = 0

    def owe(self, bytes: int) -> None:
        """An answer of so many bytes is on its way: held, though there is no room, until the client has read it.

        The receipts of 10,000 events have more than a MiB. Clients that send and do not read would fill the worker.
        """
        self._admission.bytes += bytes
        self._bytes += bytes

    def __enter__(self) -> "Share":
        self._admission.requests += 1
        return self

    def __exit__(self, *_: object) -> None:
        self._admission.requests -= 1
        self.give_back()
