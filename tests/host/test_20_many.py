"""Three Kafka nodes and consumers on two hosts: a node killed and a rolling restart under load, and nothing is lost."""

import json
import os
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.api import STREAMLAKE
from tests.support.broker import until
from tests.support.host import states
from tests.support.host.deployment import Deployment
from tests.support.host.fleet import Fleet
from tests.support.host.machine import ROOT, Host
from tests.support.host.operator import API, CONSUMER, audit, caught_up, lake, order, wait_active
from tests.support.host.traffic import Sent, Traffic, lines

pytestmark = [pytest.mark.timeout(3300), pytest.mark.slow]
_CA = "/etc/streamlake/credentials/api-tls.crt"
_ROOM = "services/streamlake/__init__.py"


@dataclass(frozen=True)
class Many:
    """The deployment and its hosts."""

    deployment: Deployment
    kafka: list[Host]
    lakes: list[Host]
    key: str

    def traffic(self, prefix: str, seconds: int = 600) -> Traffic:
        """Events with a key and over TLS, as from a producer of another host."""
        url = "https://127.0.0.1:8080"
        return Traffic(self.lakes[0], prefix, url=url, token=self.key, ca=_CA, seconds=seconds)

    def check(self, sent: Sent) -> None:
        """Everything that has a receipt is in the lake; no request failed beyond its retries."""
        caught_up(self.lakes[0], 180)
        assert sent.failed == 0
        assert sent.accepted - lines(lake(self.lakes[0])).keys() == set()
        audit(self.lakes[0])


@pytest.fixture(scope="module")
def many(bare: Host, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Many]:
    """Five hosts of a fleet of their own, deployed; the one of the other steps is switched off first."""
    bare.off()
    fleet = Fleet()
    try:
        kafka = fleet.host("kafka-1", "kafka-2", "kafka-3")
        first = fleet.host("lake-1")[0]
        second = fleet.host("lake-2", data=first.data)[0]
        deployment = Deployment(fleet, "three-node")
        deployment.write({host.name: host for host in fleet.hosts})
        deployment.set(
            config_settings={"STREAMLAKE_PART_MAX_AGE_SECONDS": "2"},
            streamlake_lake_shared=True,
            kafka_heap_mb=320,
            config_api_host="0.0.0.0",
            config_api_tls="self_signed",
        )
        told = deployment.play(seconds=600)
        assert told.code != 0
        assert "Set config_api_keys_file" in told.words, "two APIs with keys of their own would refuse each other's"
        keys = tmp_path_factory.mktemp("keys") / "keys.json"
        key = _shared_key(keys)
        deployment.set(config_api_keys_file=str(keys))
        deployment.done(seconds=2400)
        yield Many(deployment, kafka, [first, second], key)
    finally:
        fleet.close()


def _shared_key(file: Path) -> str:
    """A producer's key, made where the play runs."""
    made = subprocess.run(
        [*STREAMLAKE, "keys", "new", "checkout", "--datasets", "all", "--json"],
        env={**os.environ, "STREAMLAKE_API_KEYS_FILE": str(file)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return str(json.loads(made.stdout)["secret"])


def test_nothing_of_kafka_travels_in_the_clear(many: Many) -> None:
    for node in many.kafka:
        protocols = node.run("grep -E '^(listeners|listener.security.protocol.map)=' /etc/kafka/server.properties")
        assert "SASL_SSL" in protocols
        assert "PLAINTEXT:" not in protocols.replace("SASL_PLAINTEXT:SASL_PLAINTEXT", "")


def test_the_api_off_the_host_speaks_tls_and_asks_for_a_key(many: Many) -> None:
    """From another host: nothing without TLS, nothing for a stranger, and a receipt for who has the shared key."""
    api, other = many.lakes
    other.run("cat > /run/api.crt", stdin=api.run(f"cat {_CA}"))
    where = f"{api.address}:8080/v1/datasets/orders/events"
    ask = "curl -s -m 20 -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' --data-binary @-"
    bearer = f"-H 'Authorization: Bearer {many.key}'"
    event = json.dumps(order(f"tls-{uuid.uuid4().hex[:8]}"))
    assert other.attempt(f"{ask} {bearer} http://{where}", stdin=event).stdout in ("000", "400")
    assert other.attempt(f"{ask} {bearer} https://{where}", stdin=event).returncode == 60, "whom it does not know"
    assert other.run(f"{ask} --cacert /run/api.crt https://{where}", stdin=event) == "401"
    assert other.run(f"{ask} {bearer} --cacert /run/api.crt https://{where}", stdin=event) == "202"
    assert many.key not in api.run("journalctl -u streamlake-api.service --no-pager; cat /etc/streamlake/*.json")


def test_a_node_is_killed_under_load(many: Many) -> None:
    traffic = many.traffic("killed")
    many.kafka[1].unplug()
    before = len(traffic.accepted())
    until(lambda: len(traffic.accepted()) > before + 100, 120)
    many.kafka[1].boot()
    wait_active(many.kafka[1], "kafka.service", seconds=240)
    many.check(traffic.stop())


def test_a_rolling_restart_and_an_upgrade_under_load(many: Many) -> None:
    begun = [states.begun(node, "kafka.service") for node in many.kafka]
    traffic = many.traffic("rolled", seconds=3000)
    many.deployment.done("roll.yml", "-e", "reason='the test rolls it'", seconds=1800)
    assert all(states.begun(node, "kafka.service") != was for node, was in zip(many.kafka, begun, strict=True))
    text = (ROOT / _ROOM).read_text() + "\n# Another release.\n"
    many.deployment.done(release={_ROOM: text}, seconds=1800)
    many.check(traffic.stop())


def test_consumers_on_two_hosts_share_and_take_over(many: Many) -> None:
    for host in many.lakes:
        wait_active(host, CONSUMER, API)
    many.lakes[1].unplug()
    traffic = many.traffic("alone")
    before = len(traffic.accepted())
    until(lambda: len(traffic.accepted()) > before + 50, 60)
    many.check(traffic.stop())
