"""What is wrong is said before anything is made or started."""

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from streamlake.contract.problems import WrongContract
from streamlake.kafka.errors import PortInUse
from streamlake.local import chosen_lake, preflight, readiness, units
from streamlake.local.errors import DiskFull, HomeUnusable, PortTaken
from streamlake.settings import Settings, load
from tests.support.broker import free_port

ROOT = Path(__file__).parents[3]


def settings(tmp_path: Path, **more: str) -> Settings:
    environment = {
        "STREAMLAKE_HOME": str(tmp_path / "home"),
        "STREAMLAKE_CONTRACTS_DIR": str(ROOT / "contracts"),
        "STREAMLAKE_API_PORT": str(free_port()),
        "STREAMLAKE_KAFKA_PORT": str(free_port()),
    }
    return load(environment | more)


@pytest.fixture
def taken() -> Iterator[str]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield str(server.getsockname()[1])


def test_all_is_well_and_nothing_was_made(tmp_path: Path) -> None:
    assert "orders" in preflight.check(settings(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_taken_port_is_named_with_its_setting(tmp_path: Path, taken: str) -> None:
    with pytest.raises(PortTaken, match="STREAMLAKE_API_PORT"):
        preflight.check(settings(tmp_path, STREAMLAKE_API_PORT=taken))
    with pytest.raises(PortInUse, match="STREAMLAKE_KAFKA_PORT"):
        preflight.check(settings(tmp_path, STREAMLAKE_KAFKA_PORT=taken))
    assert list(tmp_path.iterdir()) == []


def test_another_kafka_needs_no_port_here(tmp_path: Path, taken: str) -> None:
    elsewhere = settings(tmp_path, STREAMLAKE_KAFKA_PORT=taken, STREAMLAKE_BOOTSTRAP_SERVERS="kafka.example:9092")
    assert preflight.check(elsewhere)
    assert units.KAFKA not in units.wanted(elsewhere, ["orders"])


def test_a_bad_contract_is_refused_with_all_its_mistakes(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "contracts", tmp_path / "contracts")
    for name in ("orders", "clicks"):
        (tmp_path / "contracts" / name / "contract.yaml").write_text("kind: [")
    with pytest.raises(WrongContract) as caught:
        preflight.check(settings(tmp_path, STREAMLAKE_CONTRACTS_DIR=str(tmp_path / "contracts")))
    assert "orders" in str(caught.value)
    assert "clicks" in str(caught.value)


def test_a_home_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HomeUnusable):
        preflight.check(settings(tmp_path, STREAMLAKE_HOME=str(tmp_path / "file" / "home")))


def test_a_full_disk_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "NEEDED_BYTES", 1 << 62)
    with pytest.raises(DiskFull):
        preflight.check(settings(tmp_path))


def test_the_apis_address_is_one_that_can_be_called(tmp_path: Path) -> None:
    assert readiness.api_url(settings(tmp_path, STREAMLAKE_API_PORT="8080")) == "http://127.0.0.1:8080"
    everywhere = settings(tmp_path, STREAMLAKE_API_HOST="0.0.0.0", STREAMLAKE_API_PORT="8080")
    assert readiness.api_url(everywhere) == "http://127.0.0.1:8080"
    six = settings(tmp_path, STREAMLAKE_API_HOST="::1", STREAMLAKE_API_PORT="8080", STREAMLAKE_API_TLS_CERT="x")
    assert readiness.api_url(six) == "https://[::1]:8080"


def test_units_stop_from_the_front_to_the_back(tmp_path: Path) -> None:
    order = [kind for group in units.STOP_ORDER for kind in group]
    chosen = settings(tmp_path, STREAMLAKE_LAKE_URL=chosen_lake.BUCKET_LAKE)
    kinds = {unit.kind for unit in units.wanted(chosen, ["orders"])}
    assert kinds == set(order)
    assert order.index("api") < order.index("consumer") < order.index("kafka")
