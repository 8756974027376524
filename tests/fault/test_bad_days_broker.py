"""The broker's bad days, for the consumer: stopped, paused, killed under load. Nothing lost, nothing twice (I1, I2)."""

from collections.abc import Callable

import pytest

from streamlake.kafka.admin import Admin
from streamlake.kafka.errors import KafkaUnavailable
from tests.support.broker import BrokerUnderTest, until
from tests.support.consumer import Rig, events
from tests.support.landed_check import check

pytestmark = [pytest.mark.broker, pytest.mark.timeout(240)]


def stopped(broker: BrokerUnderTest) -> Callable[[], None]:
    broker.stop()
    return broker.start


def killed(broker: BrokerUnderTest) -> Callable[[], None]:
    broker.kill()
    return broker.start


def paused(broker: BrokerUnderTest) -> Callable[[], None]:
    broker.pause()
    return broker.resume


@pytest.mark.parametrize("fault", [stopped, killed, paused])
def test_an_outage_in_the_middle_of_landing_heals_by_itself(
    own_rig: Rig, fault: Callable[[BrokerUnderTest], Callable[[], None]]
) -> None:
    rig = own_rig
    rig.send(events(4000, bad_every=50))
    consumer = rig.start(part_max_records=100, session_timeout_seconds=45, max_poll_interval_seconds=60)
    until(lambda: len(rig.parts()) > 2)
    heal = fault(rig.broker)
    before = len(rig.parts())
    until(lambda: consumer.vitals().get("waiting_for"), 60)
    assert len(rig.parts()) - before <= 1  # what is claimed goes on; nothing is claimed of a log that cannot be asked
    heal()
    rig.broker.wait()
    rig.send(events(100, 4000, bad_every=50))
    rig.wait_landed(120)
    assert consumer.alive
    assert len(check(rig).dead) == 82
    until(lambda: consumer.lag() == 0, 40)


def test_an_outage_that_outlasts_the_session_is_told_and_heals(own_rig: Rig) -> None:
    """The member lost everything. Kafka may take it for another one: then it ends, and is started again."""
    rig = own_rig
    rig.send(events(300, bad_every=50))
    consumer = rig.start()
    rig.wait_landed()
    rig.broker.stop()
    until(lambda: consumer.vitals().get("waiting_for"), 60)
    assert consumer.vitals()["state"] == "waiting"
    rig.broker.start()
    rig.send(events(100, 300, bad_every=50))
    until(lambda: rig.landed() or not consumer.alive, 60)
    if not consumer.alive:
        assert "SL-0414" in consumer.log.read_text()
        rig.start()
    rig.wait_landed()
    check(rig)


def test_a_consumer_that_starts_before_its_broker_waits_for_it(own_rig: Rig) -> None:
    own_rig.send(events(50))
    own_rig.broker.stop()
    consumer = own_rig.start()
    until(lambda: "SL-02" in (consumer.vitals().get("waiting_for") or ""), 40)
    own_rig.broker.start()
    own_rig.wait_landed(90)
    check(own_rig)
    assert consumer.alive


def _committed(admin: Admin) -> bool:
    """A fresh broker loads its coordinator first, and says so."""
    try:
        admin.commit("g", {("t", 0): 0})
    except KafkaUnavailable:
        return False
    return True


def test_the_admin_client_finds_a_group_again_after_an_unclean_restart(
    own_broker: BrokerUnderTest,
) -> None:
    """One client stays deaf for ever after such a restart; a new one is made when it has timed out."""
    own_broker.create_topic("t")
    admin = Admin(own_broker.bootstrap, seconds=3)
    until(lambda: _committed(admin), 30)
    assert admin.committed("g", "t") == {0: 0}
    own_broker.stop()
    (own_broker.place.folder / "data" / ".kafka_cleanshutdown").unlink()
    own_broker.start()

    def found() -> bool:
        try:
            return admin.committed("g", "t") == {0: 0}
        except Exception:  # noqa: BLE001 - whatever it is, it must end
            return False

    until(found, 30)
