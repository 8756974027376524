"""A letter's ingestion_id is the one that the raw line would have shown."""

from uuid import uuid4

from streamlake.consumer.dlq_handler import _dead_letter
from streamlake.consumer.effects import Letter
from streamlake.contract.rejection import Rejection
from streamlake.kafka.header import Meta, encode
from streamlake.kafka.names import HEADER
from tests.unit.consumer.messages import Record


def test_the_first_well_formed_header_counts() -> None:
    meta = Meta(str(uuid4()), 1, "checkout", "2026-11-21T07:00:00.000Z")
    record = Record(7, extra=((HEADER, b"{"), (HEADER, encode(meta)), (HEADER, None)))
    letter = _dead_letter(
        "t", uuid4(), 0, Letter(record, Rejection("json.syntax", "broken"), 1), "2026-11-21T08:00:00Z"
    )
    assert letter.ingestion_id == meta.ingestion_id
    assert letter.headers == record.extra
