"""The same work with Quix Streams' own parts: JSON judged by a schema, lines in gzip, one file a partition and commit.

Runs in the peers' environment, where StreamLake is not: `python quix_sink.py BOOTSTRAP TOPIC FOLDER`. Its sink
compresses at level 9 by default; level 1 is set, as ours has it.
"""

import gzip
import os
import socket
import sys
from typing import Any

from quixstreams import Application
from quixstreams.models import JSONDeserializer
from quixstreams.sinks.community.file.formats import JSONFormat
from quixstreams.sinks.community.file.local import LocalFileSink

ID = {"type": "string", "minLength": 1, "maxLength": 64}
ORDER = {
    "type": "object",
    "required": ["order_id", "customer_id", "status", "quantity", "amount", "currency", "ordered_at"],
    "properties": {
        "order_id": ID,
        "customer_id": ID,
        "status": {"enum": ["placed", "paid", "shipped", "cancelled"]},
        "quantity": {"type": "integer", "minimum": 1, "maximum": 1_000_000},
        "amount": {"type": "number", "minimum": 0},
        "currency": {"type": "string", "minLength": 3, "maxLength": 3},
        "ordered_at": {"type": "string"},
        "note": {"type": ["string", "null"], "maxLength": 2000},
    },
}


class QuickGzip(JSONFormat):  # type: ignore[misc] # quixstreams is not installed where types are checked
    """Its lines, compressed at level 1."""

    def serialize(self, batch: Any) -> bytes:
        return gzip.compress(super().serialize(batch), 1)


def ready() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])


def main(bootstrap: str, topic: str, folder: str) -> None:
    app = Application(
        broker_address=bootstrap,
        consumer_group="quix",
        auto_offset_reset="earliest",
        on_consumer_error=lambda error, message, log: True,  # a bad record is passed over
        loglevel="WARNING",
        auto_create_topics=False,
        state_dir=f"{folder}/state",
    )
    orders = app.topic(topic, value_deserializer=JSONDeserializer(schema=ORDER))
    os.chdir(folder)  # its sink takes no `-` in a path
    sink = LocalFileSink(directory="lines", format=QuickGzip(file_extension=".jsonl.gz"))
    app.dataframe(orders).sink(sink)
    ready()
    app.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
