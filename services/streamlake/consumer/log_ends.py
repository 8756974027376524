"""How far each partition's log goes: told by fetches, and asked for where nothing is fetched."""

from collections.abc import Iterable
from typing import Final

from confluent_kafka import Consumer as Client
from confluent_kafka import KafkaException, TopicPartition

_ASK_SECONDS: Final = 0.5
Where = tuple[str, int]


class LogEnds:
    """Belongs to the loop's thread, as the client does."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._asked: dict[Where, int] = {}
        self._reached: dict[Where, int] = {}

    def of(self, where: Where) -> int | None:
        """The end as it is known; no question is asked."""
        _, fetched = self._client.get_watermark_offsets(TopicPartition(*where), cached=True)
        end = max(fetched, self._asked.get(where, -1))
        return end if end >= 0 else None

    def ask(self, where: Iterable[Where]) -> None:
        """Ask for the ends of partitions that are paused."""
        for w in where:
            try:
                found = self._client.get_watermark_offsets(TopicPartition(*w), timeout=_ASK_SECONDS)
            except KafkaException:
                return  # Kafka is away, and the others would wait for nothing, too
            if found is not None and found[1] > (self.of(w) or 0):
                self._asked[w] = found[1]
                self._reached.pop(w, None)  # that was said of a shorter log

    def reach(self, where: Where, offset: int) -> None:
        """The client has read up to the end, which is there: what lies between are control records."""
        self._reached[where] = offset

    def reached(self, where: Where, position: int | None) -> bool:
        """Whether nothing waits behind this position."""
        return position is not None and self._reached.get(where, -1) >= position

    def moved(self, where: Where) -> None:
        """What was reached was said of another position."""
        self._reached.pop(where, None)

    def fetched(self, where: Iterable[Where]) -> None:
        """From here on fetches say it."""
        for w in where:
            self._asked.pop(w, None)

    def forget(self, where: Where) -> None:
        """It is somebody else's."""
        self._asked.pop(where, None)
        self._reached.pop(where, None)
