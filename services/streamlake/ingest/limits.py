"""What one request may ask for, and how long each step may take. The only place these numbers stand.

The times are a ladder, each below the next: delivery 10 s < handler 11.5 s < load balancer 15 s < graceful stop 20 s.
"""

from typing import Final

MAX_BODY_BYTES: Final = 8 * 1024 * 1024
"""Bytes of a request's body, after decompression."""

MAX_ENCODED_BYTES: Final = MAX_BODY_BYTES + 64 * 1024
"""Bytes on the wire of a compressed body: what cannot be compressed grows a little."""

MAX_EVENTS: Final = 10_000
MAX_DEPTH: Final = 64
MAX_COMPRESSED_MEMBERS: Final = 1024
"""Gzip members or zstd frames in one body: each costs a fresh decoder, however little it holds."""

MAX_HEAD_BYTES: Final = 64 * 1024
"""Bytes of a request line and its headers."""

CLIENT_BYTES_PER_SECOND: Final = 64 * 1024
"""A body must arrive at this rate in each stretch of `STREAMLAKE_API_CLIENT_SECONDS`, and an answer be read at it once
those are over: a slow line may go on, and a client that sends a byte a second may not."""

DELIVERY_SECONDS: Final = 10.0
HANDLER_SECONDS: Final = 11.5
"""A client is promised an answer within 12 s once its body is here."""

GRACEFUL_STOP_SECONDS: Final = 20

MAX_HELD_BYTES: Final = 40 * 1024 * 1024
MAX_HELD_EVENTS: Final = 50_000
MAX_HELD_REQUESTS: Final = 2048
"""What one worker holds for all requests at once; beyond it the answer is 429. An event is held twice, here and by the
producer, with a KiB of its own beside it: with these a worker stays below 300 MB (`tests/fire/test_pressure.py`)."""
