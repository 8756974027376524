"""Contracts reach a host whole: never half a dataset, never more than was sent, and nothing goes unasked."""

import shutil
from pathlib import Path

import pytest

from streamlake.registry.files import FileRegistry
from tests.support.host_programs import ROOT, program

contracts = program("config", "contracts")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "contracts", tmp_path / "source"))


@pytest.fixture
def host(tmp_path: Path) -> Path:
    for name in ("contracts", "pending"):
        (tmp_path / "host" / name).mkdir(parents=True)
    return tmp_path / "host"


def bring(source: Path, host: Path, *may_go: str, check: bool = False) -> dict[str, list[str]]:
    bundle = host / "bundle"
    bundle.write_text(contracts.pack(contracts.collect(source)))
    done: dict[str, list[str]] = contracts.apply(
        bundle, host / "contracts", host / "pending", list(may_go), check=check
    )
    return done


def raise_version(source: Path, dataset: str) -> None:
    contract = source / dataset / "contract.yaml"
    text = contract.read_text()
    (source / dataset / "history").mkdir(exist_ok=True)
    (source / dataset / "history" / "1.yaml").write_text(text)
    contract.write_text(text.replace('version: "1"', 'version: "2"', 1))


def test_what_arrives_is_what_was_sent_and_the_registry_reads_it(source: Path, host: Path) -> None:
    names = sorted(path.parent.name for path in source.glob("*/contract.yaml"))
    assert bring(source, host) == {"new": names, "changed": [], "removed": []}
    assert sorted(FileRegistry(host / "contracts").datasets()) == names
    assert contracts.collect(host / "contracts") == contracts.collect(source)
    assert {path.name for path in (host / "pending").iterdir()} == {f"reload-{name}" for name in names}
    assert not [path for path in (host / "contracts").rglob("*") if path.is_dir() and path.stat().st_mode & 0o5 != 0o5]


def test_a_second_time_changes_nothing(source: Path, host: Path) -> None:
    bring(source, host)
    shutil.rmtree(host / "pending")
    (host / "pending").mkdir()
    before = {path: path.stat().st_mtime_ns for path in (host / "contracts").rglob("*")}
    assert bring(source, host) == {"new": [], "changed": [], "removed": []}
    assert {path: path.stat().st_mtime_ns for path in (host / "contracts").rglob("*")} == before
    assert not list((host / "pending").iterdir()), "nobody has anything to read again"


def test_only_whose_contract_changed_is_told(source: Path, host: Path) -> None:
    bring(source, host)
    shutil.rmtree(host / "pending")
    (host / "pending").mkdir()
    raise_version(source, "orders")
    assert bring(source, host) == {"new": [], "changed": ["orders"], "removed": []}
    assert [path.name for path in (host / "pending").iterdir()] == ["reload-orders"]
    assert FileRegistry(host / "contracts").current("orders").version == 2


@pytest.mark.parametrize("in_one_step", [True, False])
def test_whoever_starts_meanwhile_reads_the_old_or_the_new(
    source: Path, host: Path, monkeypatch: pytest.MonkeyPatch, in_one_step: bool
) -> None:
    """Before each write and after each, what stands there is read without a mistake."""
    bring(source, host)
    raise_version(source, "orders")
    seen = []
    really = contracts.write

    def write(path: Path, text: str) -> None:
        seen.append(FileRegistry(host / "contracts").current("orders").version)
        really(path, text)

    monkeypatch.setattr(contracts, "write", write)
    if not in_one_step:
        monkeypatch.setattr(contracts.ctypes, "CDLL", lambda *_, **__: object())
    bring(source, host)
    assert len(seen) > 2
    assert set(seen) == {1}
    assert FileRegistry(host / "contracts").current("orders").version == 2
    assert not [path.name for path in (host / "contracts").iterdir() if path.name.startswith(".")]


def test_a_dataset_that_is_gone_stays_until_it_is_named(source: Path, host: Path) -> None:
    bring(source, host)
    shutil.rmtree(source / "clicks")
    raise_version(source, "orders")
    before = contracts.collect(host / "contracts")
    with pytest.raises(contracts.Wrong, match=r"clicks.*config_datasets_to_remove"):
        bring(source, host)
    assert contracts.collect(host / "contracts") == before, "something changed although it was refused"
    assert bring(source, host, "clicks")["removed"] == ["clicks"]
    assert "clicks" not in FileRegistry(host / "contracts").datasets()


def test_a_rehearsal_says_the_same_and_changes_nothing(source: Path, host: Path) -> None:
    bring(source, host)
    raise_version(source, "orders")
    before = contracts.collect(host / "contracts")
    assert bring(source, host, check=True)["changed"] == ["orders"]
    assert contracts.collect(host / "contracts") == before


def test_what_a_killed_run_left_is_mended(source: Path, host: Path) -> None:
    (host / "contracts" / ".new-orders" / "history").mkdir(parents=True)
    (host / "contracts" / "orders").mkdir()
    assert "orders" in bring(source, host)["new"]
    assert "orders" in FileRegistry(host / "contracts").datasets()
    assert not (host / "contracts" / ".new-orders").exists()


def test_a_text_that_was_cut_anywhere_is_refused(source: Path) -> None:
    whole = contracts.pack({"a/contract.yaml": "eins\n", "b/contract.yaml": "zwei ü"}).encode()
    assert contracts.unpacked(whole) == {"a/contract.yaml": "eins\n", "b/contract.yaml": "zwei ü"}
    for length in range(len(whole)):
        with pytest.raises(contracts.Wrong):
            contracts.unpacked(whole[:length])


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/x", "a//x", ""])
def test_a_path_that_leads_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(contracts.Wrong):
        contracts.unpacked(contracts.pack({name: "x"}).encode())


def test_an_empty_folder_of_contracts_removes_nothing_unasked(source: Path, host: Path, tmp_path: Path) -> None:
    bring(source, host)
    (tmp_path / "empty").mkdir()
    with pytest.raises(contracts.Wrong):
        bring(tmp_path / "empty", host)
