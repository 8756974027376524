"""Trouble shows in `systemctl status` and in the journal in words, with an error's id, and heals when it is over."""

import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.broker import until
from tests.support.host import states
from tests.support.host.machine import DATA, Host
from tests.support.host.operator import API, CONSUMER, audit, caught_up, lake, order, send, wait_active
from tests.support.host.traffic import lines

pytestmark = pytest.mark.timeout(400)
_CONTRACT = "/etc/streamlake/contracts/orders/contract.yaml"
NEIGHBOUR = "streamlake-consumer@clicks.service"
_CREDENTIAL = "/etc/streamlake/credentials/kafka-consumer-orders"


@contextmanager
def kept(host: Host, path: str) -> Iterator[None]:
    """The file as it was, afterwards, whatever was done to it."""
    host.run(f"cp -a {path} /run/kept")
    try:
        yield
    finally:
        host.run(f"cp -a --remove-destination /run/kept {path}")


def shown(host: Host, unit: str, pattern: str, seconds: float = 90) -> str:
    """Wait until `systemctl status` shows words like these; all that it shows."""
    until(lambda: re.search(pattern, states.status(host, unit), re.IGNORECASE), seconds)
    return states.status(host, unit)


def told(host: Host, unit: str, pattern: str, since: str) -> None:
    """Wait until the journal has an error's id and words like these, since then."""
    until(lambda: re.search(rf"SL-\d{{4}}.*{pattern}", states.journal(host, unit, since=since), re.IGNORECASE), 60)


def works(host: Host) -> None:
    """Events land again."""
    names = send(host)
    caught_up(host, 90)
    found = lines(lake(host))
    assert [found[name] for name in names] == [1, 1, 1]


def test_a_bad_contract(site: Host) -> None:
    """It stays wrong however often it is read, so the unit gives up, and says what and where."""
    since = states.clock(site)
    with kept(site, _CONTRACT):
        site.run(f"sed -i 's/logicalType: string/logicalType: strnig/' {_CONTRACT}")
        site.attempt(f"systemctl restart {CONSUMER}", seconds=120)
        site.run(f"systemctl restart {NEIGHBOUR}", seconds=120)  # has to do with its own contract alone
        text = shown(site, CONSUMER, "failed|contract")
        told(site, CONSUMER, "contract|logicalType", since)
    assert "Active: failed" in text, text
    assert states.unit(site, CONSUMER)["ExecMainStatus"] == "2"
    assert states.unit(site, API)["ActiveState"] == "active"
    site.run(f"systemctl start {CONSUMER}", seconds=120)
    works(site)


def test_a_wrong_credential(site: Host) -> None:
    since = states.clock(site)
    with kept(site, _CREDENTIAL):
        site.run(f"sed -i 's/^sasl.password=.*/sasl.password=wrong/' {_CREDENTIAL}")
        site.attempt(f"systemctl restart --no-block {CONSUMER}")
        told(site, CONSUMER, "refuse|denied|credential|password|authenticat", since)
        shown(site, CONSUMER, "refuse|denied|credential|password|authenticat")
    site.run(f"systemctl restart {CONSUMER}", seconds=120)
    works(site)


def test_a_full_disk(site: Host) -> None:
    """Events stay in Kafka, the unit waits and says for what; with room again they land, once each."""
    since = states.clock(site)
    site.run(f"dd if=/dev/zero of={DATA}/filler bs=1M status=none || true; df --output=avail {DATA} | tail -n 1")
    try:
        names = send(site, 5)
        told(site, CONSUMER, "room|disk|space|full", since)
        text = shown(site, CONSUMER, "waits? for")
        assert re.search("room|disk|space|full|lake", text, re.IGNORECASE), text
        assert states.unit(site, CONSUMER)["ActiveState"] == "active"
    finally:
        site.run(f"rm {DATA}/filler")
    caught_up(site, 120)
    found = lines(lake(site))
    assert [found[name] for name in names] == [1] * 5
    audit(site)


def test_a_dead_broker(site: Host) -> None:
    """The API refuses in time and is not ready; the consumer waits; both say so, and go on when Kafka is back."""
    since = states.clock(site)
    site.run("systemctl stop kafka.service", seconds=120)
    try:
        until(lambda: _code(site, "/readyz") == "503", 60)
        assert _code(site, "/livez") == "200"
        body = shlex.quote(str(order("o-down")).replace("'", '"'))
        said = site.run(
            "curl -s -m 20 -w ' %{http_code} %header{retry-after}' http://127.0.0.1:8080/v1/datasets/orders/events "
            f"-H 'Content-Type: application/json' -d {body}"
        )
        assert re.search(r"503 \d+$", said), said
        for unit in (CONSUMER, API):
            shown(site, unit, "kafka|broker")
        told(site, CONSUMER, "kafka|broker", since)
    finally:
        site.run("systemctl start kafka.service", seconds=120)
    wait_active(site, CONSUMER, API)
    until(lambda: _code(site, "/readyz") == "200", 60)
    works(site)
    audit(site)


def _code(host: Host, path: str) -> str:
    return host.attempt(f"curl -s -m 10 -o /dev/null -w '%{{http_code}}' http://127.0.0.1:8080{path}").stdout
