"""The events that benchmarks send. Seeded: the same number gives the same bytes, in every run.

`flat` is an order of 202 bytes, `nested` a payment of about 1 KB; both are judged by this repository's contracts.
"""

import json
import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

DATASET = {"flat": "orders", "nested": "payments"}
FLAT_BYTES = 202
_MORE = '","remark":"'
_WORDS = "please leave it at the door, thank you; "


@dataclass(frozen=True, slots=True)
class Event:
    key: bytes
    value: bytes
    header: bytes
    ok: bool


def events(kind: str, count: int, bad_share: float, seed: int = 7, event_bytes: int = FLAT_BYTES) -> Iterator[Event]:
    """So many events, of which about this share breaks its contract, in one of several ways.

    `event_bytes` is how long an order is, from 180 on; a payment is as long as it is.
    """
    chance = random.Random(seed)
    make: Callable[[random.Random, int], tuple[str, bytes]] = (
        partial(_order, event_bytes=event_bytes) if kind == "flat" else _payment
    )
    for number in range(count):
        key, value = make(chance, number)
        ok = chance.random() >= bad_share
        if not ok:
            value = _break(value, chance.randrange(4))
        yield Event(key.encode(), value, _header(chance, number), ok)


def _header(chance: random.Random, number: int) -> bytes:
    return (
        b'{"ingestion_id":"%s","schema_version":1,"producer":"checkout","ingested_at":"2026-11-21T%02d:%02d:%02d.%03dZ"}'
        % (
            str(uuid.UUID(int=chance.getrandbits(128), version=4)).encode(),
            number // 3_600_000 % 24,
            number // 60_000 % 60,
            number // 1000 % 60,
            number % 1000,
        )
    )


def _order(chance: random.Random, number: int, event_bytes: int) -> tuple[str, bytes]:
    key = f"o-{number:09d}"
    head = (
        f'{{"order_id":"{key}","customer_id":"c-{chance.randrange(10**6)}",'
        f'"status":"{chance.choice(("placed", "paid", "shipped"))}","quantity":{chance.randrange(1, 50)},'
        f'"amount":{chance.randrange(1, 10**5) / 100},"currency":"EUR",'
        f'"ordered_at":"2026-11-21T{chance.randrange(24):02d}:{chance.randrange(60):02d}:00Z","note":"'
    )
    room = max(0, event_bytes - len(head) - 2)
    note = f"{chance.getrandbits(256):064x}"[:room]
    if room > len(note) + len(_MORE):  # a field that no contract names; half of it words that come again
        rest = room - len(note) - len(_MORE)
        digits = f"{chance.getrandbits(2 * rest):x}"[: rest // 2]
        note += _MORE + (digits + " " + _WORDS * (rest // len(_WORDS) + 1))[:rest]
    return key, f'{head}{note}"}}'.encode()


def _payment(chance: random.Random, number: int) -> tuple[str, bytes]:
    key = str(uuid.UUID(int=chance.getrandbits(128), version=4))
    payment = {
        "payment_id": key,
        "attempt": 1 + number % 3,
        "status": chance.choice(("authorised", "captured", "declined")),
        "amount": f"{chance.randrange(1, 10**6) / 100:.2f}",
        "currency": "EUR",
        "paid_at": f"2026-11-21T{chance.randrange(24):02d}:{chance.randrange(60):02d}:31.5Z",
        "settlement_date": "2026-11-23",
        "payer": {
            "name": f"Ana {chance.getrandbits(48):x}",
            "email": f"{chance.getrandbits(40):x}@example.org",
            "card_last4": f"{chance.randrange(10**4):04d}",
            "address": {"country": "DE", "lines": [f"Beispielweg {chance.randrange(500)}", "10115 Berlin"]},
        },
        "items": [
            {
                "sku": f"A-{chance.getrandbits(32):x}",
                "quantity": n + 1,
                "unit_price": f"{chance.randrange(10**5) / 100}",
            }
            for n in range(4)
        ],
        "attributes": {
            "provider": "acme",
            "retries": chance.randrange(3),
            "flags": ["3ds", "recurring"],
            "device": {"os": "linux", "agent": f"{chance.getrandbits(512):x}", "screen": [1920, 1080]},
            "risk": {"score": chance.randrange(1000) / 1000, "rules": [f"r{chance.randrange(100)}" for _ in range(4)]},
        },
    }
    return key, json.dumps(payment, separators=(",", ":")).encode()


def _break(value: bytes, way: int) -> bytes:
    if way == 0:
        return value[:-20]
    if way == 1:
        return value.replace(b'"currency":"EUR"', b'"currency":7')
    if way == 2:
        return value.replace(b'"status":', b'"state":')
    return value.replace(b"EUR", b"\xff\xfe!")
