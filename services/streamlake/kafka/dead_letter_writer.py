"""Send dead letters, and return when the broker has acknowledged every one of them."""

import logging
import os
import threading
import time
from collections.abc import Sequence
from typing import Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from streamlake.errors import Permanent, StreamlakeError, Unknown
from streamlake.kafka import clients
from streamlake.kafka.dead_letter import DeadLetter, encode
from streamlake.kafka.errors import ClientBroken, DeadLetterTooLarge, KafkaUnavailable, OutcomeUnknown, RecordTooLarge
from streamlake.kafka.faults import error_of, error_of_exception
from streamlake.kafka.refusals import Refusals

_log: Final = logging.getLogger(__name__)
SECONDS: Final = clients.DELIVERY_SECONDS + 2
_inherited: Final[list[Producer]] = []
_TOO_LARGE: Final = (KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.RECORD_LIST_TOO_LARGE)


class TooLarge(DeadLetterTooLarge):
    """These dead letters do not fit the topic; all others of the same call were acknowledged."""

    def __init__(self, topic: str, letters: Sequence[DeadLetter]) -> None:
        super().__init__(f"{len(letters)} dead letters are larger than {topic} takes, the first is {letters[0].id}.")
        self.letters = tuple(letters)


class DeadLetterWriter:
    """For as many threads as like. Its client is made when it is first used, again after a fork or a fatal error.

    `config` is that of `clients.dead_letter_producer`.
    """

    def __init__(self, config: clients.Config, *, seconds: float = SECONDS) -> None:
        self._config = config
        self._seconds = seconds
        self._lock = threading.Lock()
        self._producer: Producer | None = None
        self._pid = 0
        self._refusals = Refusals()

    def send(self, topic: str, letters: Sequence[DeadLetter]) -> None:
        """Send these in order; when it returns, the broker has all of them.

        Raises TooLarge for those that do not fit once the others are acknowledged, else Retryable, Unknown or
        Permanent: then any of them may have been written, and all may be sent again, for readers fold them by key.
        """
        producer = self._client()
        began = time.monotonic()
        deadline = began + self._seconds
        faults: list[StreamlakeError] = []
        large: list[DeadLetter] = []
        waiting = 0
        reports: list[KafkaError | None] = []
        for letter in letters:
            try:
                self._produce(producer, topic, letter, large, reports, deadline)
            except KafkaException as error:
                fault = error_of_exception(error, f"sending a dead letter to {topic}")
                if not isinstance(fault, RecordTooLarge):
                    faults.append(fault)
                    break
                large.append(letter)
            except BufferError:
                faults.append(KafkaUnavailable(f"sending dead letters to {topic}: too many are waiting to be sent."))
                break
            else:
                waiting += 1
        while len(reports) < waiting and time.monotonic() < deadline:
            producer.poll(0.05)
        if len(reports) < waiting:
            faults.append(OutcomeUnknown(f"sending dead letters to {topic}: {waiting - len(reports)} got no answer."))
        faults += [error_of(report, f"sending a dead letter to {topic}") for report in reports if report is not None]
        faults = [fault for fault in faults if not isinstance(fault, RecordTooLarge)]
        if faults:
            worst = self._worst(faults)
            refused = self._refusals.since(began, f"sending dead letters to {topic}")
            raise worst if isinstance(worst, Permanent) or refused is None else refused
        if large:
            raise TooLarge(topic, large)

    def close(self) -> None:
        """Let go of the connection. What was acknowledged stays, what was not is the caller's to send again."""
        with self._lock:
            producer, self._producer = self._producer, None
        if producer is not None and self._pid == os.getpid():
            producer.purge()
            producer.flush(1)

    def _produce(
        self,
        producer: Producer,
        topic: str,
        letter: DeadLetter,
        large: list[DeadLetter],
        reports: list[KafkaError | None],
        deadline: float,
    ) -> None:
        def delivered(error: KafkaError | None, _: Message) -> None:
            if error is not None and error.code() in _TOO_LARGE:
                large.append(letter)
            reports.append(error)

        record = encode(letter)
        while True:
            try:
                producer.produce(topic, record.value, record.key, headers=record.headers, on_delivery=delivered)
            except BufferError:
                # What is queued must go first: ours, or another thread's.
                if time.monotonic() >= deadline:
                    raise
                producer.poll(0.05)
            else:
                return

    def _client(self) -> Producer:
        with self._lock:
            if self._producer is not None and self._pid != os.getpid():
                # One from before a fork never answers, and ending it would wait for threads that are not here.
                _inherited.append(self._producer)
                self._producer = None
            if self._producer is None:
                self._producer, self._pid = self._new_producer(), os.getpid()
            return self._producer

    def _new_producer(self) -> Producer:
        # Its own lines come three a second while it is refused; what matters is told as errors.
        return Producer({**self._config, "error_cb": self._refusals, "log_level": 2}, logger=_log)

    def _worst(self, faults: list[StreamlakeError]) -> StreamlakeError:
        for fault in faults:
            if isinstance(fault, ClientBroken):
                with self._lock:
                    self._producer = None
                return KafkaUnavailable(f"{fault.message} A new client is made.")
        for kind in (Permanent, Unknown):
            for fault in faults:
                if isinstance(fault, kind):
                    return fault
        return faults[0]
