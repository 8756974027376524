"""Events through the installed command, and units that are killed."""

import pytest

from tests.support.broker import until
from tests.support.host import states
from tests.support.host.machine import Host
from tests.support.host.operator import UNITS, audit, caught_up, lake, send, wait_active
from tests.support.host.traffic import lines

pytestmark = pytest.mark.timeout(300)


def test_an_event_is_posted_landed_and_audited(site: Host) -> None:
    names = send(site)
    caught_up(site)
    audit(site)
    found = lines(lake(site))
    assert [found[name] for name in names] == [1, 1, 1]


def test_status_shows_one_live_line(site: Host) -> None:
    """`systemctl status` says lag and what was landed last, in words."""
    shown = states.unit(site, "streamlake-consumer@orders.service")["StatusText"]
    assert shown
    assert "lag" in shown or "waiting" in shown, shown
    assert states.unit(site, "streamlake-api.service")["StatusText"]


@pytest.mark.parametrize("unit", UNITS)
def test_kill_9_heals(site: Host, unit: str) -> None:
    before = states.unit(site, unit)
    site.run(f"systemctl kill --kill-whom=main -s KILL {unit}")

    def again() -> bool:
        now = states.unit(site, unit)
        return now["ActiveState"] == "active" and now["MainPID"] not in {"0", before["MainPID"]}

    until(again, 90)
    assert int(states.unit(site, unit)["NRestarts"]) > int(before["NRestarts"])


def test_after_all_those_kills_nothing_is_lost_or_there_twice(site: Host) -> None:
    wait_active(site, *UNITS)
    names = send(site)
    caught_up(site, 90)
    audit(site)
    found = lines(lake(site))
    assert [found[name] for name in names] == [1, 1, 1]
