"""What an operator types on a host, and reads there."""

import json
import uuid
from pathlib import Path
from typing import Any

from tests.support.broker import until
from tests.support.host import states
from tests.support.host.machine import Host

UNITS = (
    "kafka.service",
    "streamlake-api.service",
    "streamlake-consumer@orders.service",
    "airflow@api-server.service",
    "airflow@scheduler.service",
    "airflow@dag-processor.service",
    "airflow@triggerer.service",
)
CONSUMER = "streamlake-consumer@orders.service"
API = "streamlake-api.service"


def lake(host: Host) -> Path:
    """The host's lake, as files of this machine."""
    return host.data


def order(name: str) -> dict[str, Any]:
    """An event that the contract of orders takes."""
    return {
        "order_id": name,
        "customer_id": "c-7",
        "status": "placed",
        "quantity": 2,
        "amount": 19.9,
        "currency": "EUR",
        "ordered_at": "2026-11-21T09:30:00Z",
    }


def send(host: Host, count: int = 3) -> list[str]:
    """Post orders with the installed command; their names."""
    names = [f"o-{uuid.uuid4().hex[:12]}" for _ in range(count)]
    events = "\n".join(json.dumps(order(name)) for name in names) + "\n"
    host.run("cat > /run/events.ndjson && streamlake send orders /run/events.ndjson", stdin=events)
    return names


def caught_up(host: Host, seconds: int = 60) -> None:
    """Wait with the installed command until everything that was sent has landed."""
    host.run(f"streamlake status orders --exit-when caught-up --timeout {seconds}", seconds=seconds + 30)


def audit(host: Host, dataset: str = "orders") -> dict[str, Any]:
    """The deep audit's verdict; raises unless it finds nothing wrong."""
    document: dict[str, Any] = json.loads(host.run(f"streamlake audit {dataset} --deep --json", seconds=120))
    return document


def wait_active(host: Host, *units: str, seconds: float = 120) -> None:
    """Until all of them run."""
    wanted = " ".join(units)
    count = len(units)
    until(
        lambda: host.attempt(f"systemctl is-active {wanted}").stdout.split() == ["active"] * count,
        seconds,
    )


def said(host: Host, unit: str, words: str, *, since: str, seconds: float = 60) -> None:
    """Until the unit's journal has these words, and its status line or last lines show why it waits or ended."""
    until(lambda: words.lower() in states.journal(host, unit, since=since).lower(), seconds)
