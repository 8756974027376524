"""A record whose header name is not UTF-8 is read like any other: it stops no partition (I11) and no process."""

import subprocess
import sys
from pathlib import Path

import confluent_kafka

# In a process of its own: without the repair the client ends it. A broker within the client stands in for Kafka, and
# the client's own library sends what its Python face refuses to.
SCRIPT = """
import ctypes, sys, time
from confluent_kafka import Consumer, Producer, TopicPartition
from streamlake.kafka.header_names import make_readable

producer = Producer({"bootstrap.servers": "none", "test.mock.num.brokers": 1, "log_level": 0})
broker = next(iter(producer.list_topics(timeout=10).brokers.values()))
address = f"{broker.host}:{broker.port}"
library = ctypes.CDLL(sys.argv[1])
for name in ("rd_kafka_conf_new", "rd_kafka_new", "rd_kafka_headers_new"):
    getattr(library, name).restype = ctypes.c_void_p
text, size = ctypes.c_char_p, ctypes.c_ssize_t
wrong = ctypes.create_string_buffer(512)
conf = ctypes.c_void_p(library.rd_kafka_conf_new())
library.rd_kafka_conf_set(conf, b"bootstrap.servers", address.encode(), wrong, 512)
client = ctypes.c_void_p(library.rd_kafka_new(0, conf, wrong, 512))
headers = ctypes.c_void_p(library.rd_kafka_headers_new(3))
for name, value in ((b"good", b"1"), (b"\\xff\\xfebad", b"2"), (b"last", None)):
    library.rd_kafka_header_add(headers, text(name), size(len(name)), text(value), size(len(value or b"")))
TOPIC, PARTITION, VALUE, FLAGS, HEADERS, COPY = 1, 3, 4, 7, 10, 2
sent = library.rd_kafka_producev(client, TOPIC, text(b"t"), PARTITION, 0, VALUE, text(b"evil"), ctypes.c_size_t(4),
                                 FLAGS, COPY, HEADERS, headers, 0)
assert sent == 0 and library.rd_kafka_flush(client, 10000) == 0
producer.produce("t", b"plain", partition=0)
producer.produce("t", b"good", partition=0, headers=[("a", b"1")])
assert producer.flush(10) == 0

consumer = Consumer({"bootstrap.servers": address, "group.id": "g", "log_level": 0})
consumer.assign([TopicPartition("t", 0, 0)])
found, deadline = [], time.monotonic() + 20
while len(found) < 3 and time.monotonic() < deadline:
    found += [message for message in consumer.consume(10, 0.2) if not message.error()]
make_readable(found)
make_readable(found)
for _ in range(100):
    said = [(message.value(), message.headers()) for message in found]
assert said == [
    (b"evil", [("good", b"1"), ("\\ufffd", b"2"), ("last", None)]),
    (b"plain", None),
    (b"good", [("a", b"1")]),
], said
"""


def test_a_name_that_is_not_text_is_replaced_and_the_rest_is_kept() -> None:
    package = Path(confluent_kafka.__file__).parent
    library = next((package.parent / "confluent_kafka.libs").glob("librdkafka-*"))
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(library)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
