"""A contract says which units land it, and what each is given."""

from dataclasses import replace

import pytest

from streamlake.contract import odcs
from streamlake.contract.model import ConsumerSettings, Contract
from streamlake.registry.units import api_unit, consumer_units, units_of
from tests.support.contract_files import document, text


@pytest.fixture
def contract() -> Contract:
    return odcs.parse(text(document()))


def test_a_contract_that_asks_for_nothing_needs_no_drop_in(contract: Contract) -> None:
    (unit,) = consumer_units(contract)
    assert (unit.name, unit.dataset, unit.drop_in) == ("streamlake-consumer@things.service", "things", "")
    assert api_unit(1).drop_in == ""


def test_memory_and_processes_come_from_the_contract(contract: Contract) -> None:
    first, second = consumer_units(replace(contract, consumer=ConsumerSettings(2, 1024)))
    assert first.name == "streamlake-consumer@things.service"
    assert first.path == "/etc/systemd/system/streamlake-consumer@things.service.d/50-streamlake.conf"
    assert first.drop_in.splitlines()[1:] == ["[Service]", "MemoryHigh=896M", "MemoryMax=1024M"]
    assert second.name == "streamlake-consumer@things.2.service"
    # The template's would be that of `things.2`, whom Kafka does not know.
    assert "LoadCredential=kafka:/etc/streamlake/credentials/kafka-consumer-things\n" in second.drop_in


def test_the_api_has_memory_for_each_worker() -> None:
    assert "MemoryMax=1152M" in api_unit(2).drop_in
    assert "MemoryMax=1920M" in api_unit(4).drop_in


def test_all_units_of_a_host_have_names_of_their_own(contract: Contract) -> None:
    others = [replace(contract, dataset=name, consumer=ConsumerSettings(3)) for name in ("a", "b")]
    units = units_of(others, 2)
    assert len({unit.name for unit in units}) == len({unit.path for unit in units}) == len(units) == 7
