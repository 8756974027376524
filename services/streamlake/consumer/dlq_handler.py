"""Send a partition's rejected records to the dead letter topic, and wait for every delivery report.

Nothing is parsed here: the bytes go as they came. A record that is too large for the topic goes into the lake, and
its letter carries the object's name in place of the value.
"""

import time
from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from streamlake.consumer.effects import Letter
from streamlake.consumer.snapshot import iso
from streamlake.kafka import clients
from streamlake.kafka.dead_letter import DeadLetter
from streamlake.kafka.dead_letter_writer import DeadLetterWriter, TooLarge
from streamlake.kafka.header import meta_of
from streamlake.kafka.names import HEADER, dlq_topic
from streamlake.storage import layout
from streamlake.storage.store import ObjectStore


class DlqHandler:
    """`world.DeadLetters` on the real topic."""

    def __init__(
        self,
        bootstrap: str,
        dataset: str,
        store: ObjectStore,
        *,
        security: Mapping[str, clients.Value] | None = None,
    ) -> None:
        self._dataset = dataset
        self._topic = dlq_topic(dataset)
        self._store = store
        self._writer = DeadLetterWriter(clients.dead_letter_producer(bootstrap, security=security))

    def __call__(self, source_topic: str, topic_id: UUID, partition: int, letters: Sequence[Letter]) -> None:
        """See DeadLetters."""
        at = iso(time.time())
        try:
            self._writer.send(self._topic, [_dead_letter(source_topic, topic_id, partition, le, at) for le in letters])
        except TooLarge as error:
            self._writer.send(self._topic, [self._set_aside(letter) for letter in error.letters])

    def _set_aside(self, letter: DeadLetter) -> DeadLetter:
        name = layout.overflow(self._dataset, letter.id)
        self._store.create(name, [letter.value or b""])
        return msgspec.structs.replace(letter, value=None, overflow=name)


def _dead_letter(topic: str, topic_id: UUID, partition: int, letter: Letter, at: str) -> DeadLetter:
    message, why = letter.message, letter.rejection
    headers = tuple(message.headers() or ())
    # The first well-formed one, as in a raw line.
    metas = (meta_of(value) for name, value in headers if name == HEADER)
    meta = next((meta for meta in metas if meta is not None), None)
    return DeadLetter(
        key=message.key(),
        value=message.value(),
        headers=headers,
        reason=why.reason,
        detail=why.detail,
        field=why.field,
        at=at,
        topic=topic,
        topic_id=topic_id,
        partition=partition,
        offset=message.offset(),
        timestamp_ms=message.timestamp()[1],
        contract_version=letter.contract_version,
        ingestion_id=meta.ingestion_id if meta else None,
    )
