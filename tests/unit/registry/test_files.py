"""The registry in a folder: immutable snapshots, all mistakes at once, and a broken edit that changes nothing."""

from pathlib import Path

import pytest

from streamlake.contract.problems import WrongContract
from streamlake.errors import Misconfigured, Permanent, Retryable
from streamlake.registry.files import FileRegistry
from streamlake.registry.registry import MissingVersion, Registry, UnknownDataset, UnknownVersion
from tests.support.contract_files import document, put, text


def test_versions_are_found_or_say_why_not(tmp_path: Path) -> None:
    put(tmp_path, document(version=4))
    put(tmp_path, document(version=1), "history/1.yaml")
    put(tmp_path, document(version=2), "history/2.yaml")
    registry: Registry = FileRegistry(tmp_path)
    assert registry.datasets() == ("things",)
    assert registry.current("things").version == 4
    assert registry.version("things", 2).version == 2
    assert [c.version for c in registry.history("things")] == [1, 2, 4]
    with pytest.raises(UnknownVersion, match="not known here yet") as newer:
        registry.version("things", 5)
    assert isinstance(newer.value, Retryable)
    for lost in (3, 0, -1):
        with pytest.raises(MissingVersion) as missing:
            registry.version("things", lost)
        assert isinstance(missing.value, Permanent)


@pytest.mark.parametrize("name", ["thing", "", "../x", "x" * 1025, "things\0", "Things"])
def test_an_unknown_dataset_is_an_error_of_its_own(tmp_path: Path, name: str) -> None:
    put(tmp_path, document())
    with pytest.raises(UnknownDataset) as unknown:
        FileRegistry(tmp_path).current(name)
    assert isinstance(unknown.value, Misconfigured)
    assert len(str(unknown.value)) < 300
    if name == "thing":
        assert "did you mean things?" in str(unknown.value)


def test_hidden_folders_and_files_are_no_datasets(tmp_path: Path) -> None:
    put(tmp_path, document())
    (tmp_path / "README.md").write_text("x")
    (tmp_path / ".git").mkdir()
    (tmp_path / "_shared").mkdir()
    assert FileRegistry(tmp_path).datasets() == ("things",)


def test_all_mistakes_of_all_files_come_at_once(tmp_path: Path) -> None:
    put(tmp_path, document("a", kind="x"))
    put(tmp_path, document("b", version=2))
    put(tmp_path, document("b", version=2), "history/2.yaml")
    put(tmp_path, document("b", version=1), "history/7.yaml")
    put(tmp_path, document("b", version="x"), "history/3.yaml")
    (tmp_path / "c").mkdir()
    (tmp_path / "all").mkdir()
    (tmp_path / "d").mkdir()
    (tmp_path / "d/contract.yaml").write_bytes(text(document("e")))
    with pytest.raises(WrongContract) as wrong:
        FileRegistry(tmp_path)
    found = {(str(Path(p.file).relative_to(tmp_path)), p.path) for p in wrong.value.problems}
    assert found == {
        ("a/contract.yaml", "kind"),
        ("b/history/2.yaml", "version"),
        ("b/history/7.yaml", "version"),
        ("b/history/3.yaml", "version"),
        ("c/contract.yaml", ""),
        ("all", ""),
        ("d/contract.yaml", "name"),
    }


def test_one_dataset_has_nothing_to_do_with_what_is_wrong_in_anothers(tmp_path: Path) -> None:
    put(tmp_path, document("a"))
    put(tmp_path, document("b", kind="x"))
    registry = FileRegistry(tmp_path, dataset="a")
    assert registry.datasets() == ("a",)
    put(tmp_path, document("a", description={"purpose": "other words"}))
    assert registry.refresh() == ("a",)
    assert registry.current("a").description == "other words"
    with pytest.raises(WrongContract, match="kind"):
        FileRegistry(tmp_path, dataset="b")
    with pytest.raises(UnknownDataset, match="there is a, b"):
        FileRegistry(tmp_path, dataset="zzz").current("zzz")


def test_piecemeal_each_dataset_stands_for_itself(tmp_path: Path) -> None:
    put(tmp_path, document("a"))
    put(tmp_path, document("b", kind="x"))
    registry = FileRegistry(tmp_path, piecemeal=True)
    assert registry.datasets() == ("a",)
    assert registry.broken.keys() == {"b"}
    assert "kind" in str(registry.broken["b"])
    put(tmp_path, document("a", version=2, kind="x"))
    put(tmp_path, document("b"))
    put(tmp_path, document("c", version=2))
    assert registry.refresh() == ("b", "c")
    assert registry.current("a").version == 1
    assert registry.broken.keys() == {"a"}
    put(tmp_path, document("a"))
    put(tmp_path, document("c", version=1))
    assert registry.refresh() == ()
    assert registry.current("c").version == 2
    assert "already in use" in str(registry.broken["c"])


def test_piecemeal_without_a_single_good_one_is_refused(tmp_path: Path) -> None:
    put(tmp_path, document("b", kind="x"))
    with pytest.raises(WrongContract):
        FileRegistry(tmp_path, piecemeal=True)


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(WrongContract, match="no such folder"):
        FileRegistry(tmp_path / "x")


def test_a_refresh_takes_what_changed_and_says_which(tmp_path: Path) -> None:
    put(tmp_path, document("a"))
    put(tmp_path, document("b"))
    registry = FileRegistry(tmp_path)
    held = registry.current("a")
    assert registry.refresh() == ()
    put(tmp_path, document("a"), "history/1.yaml")
    put(tmp_path, document("a", version=2, customProperties=[]))
    put(tmp_path, document("c"))
    assert registry.refresh() == ("a", "c")
    assert registry.current("a").version == 2
    assert held.version == 1


def test_a_broken_edit_keeps_the_last_good_snapshot(tmp_path: Path) -> None:
    put(tmp_path, document("a", version=2))
    registry = FileRegistry(tmp_path)
    for broken in (
        b"not: [yaml",
        text(document("a", version=1)),
        text(document("a", version=2, customProperties=[])),
        text(document("a", version=3, kind="x")),
    ):
        (tmp_path / "a/contract.yaml").write_bytes(broken)
        put(tmp_path, document("new"))
        with pytest.raises(WrongContract):
            registry.refresh()
        assert registry.datasets() == ("a",)
        assert registry.current("a").version == 2
    put(tmp_path, document("a", version=2, description={"purpose": "other words"}))
    assert registry.refresh() == ("a", "new")
    assert registry.current("a").description == "other words"


def test_a_draft_is_read_and_not_in_force(tmp_path: Path) -> None:
    put(tmp_path, document("a"))
    put(tmp_path, document("b", status="draft"))
    put(tmp_path, document("c", version=2, status="draft"))
    put(tmp_path, document("c", version=1), "history/1.yaml")
    registry = FileRegistry(tmp_path)
    assert registry.datasets() == ("a", "c")
    assert registry.current("c").version == 1
    put(tmp_path, document("b", status="draft", kind="x"))
    with pytest.raises(WrongContract):
        registry.refresh()
    put(tmp_path, document("b"))
    put(tmp_path, document("c", version=2))
    assert registry.refresh() == ("b", "c")
    assert registry.current("c").version == 2


@pytest.mark.parametrize(
    ("status", "in_force"),
    [("draft", False), ("Draft", False), ("DRAFT", False), ("active", True), ("retired", True), ("x", True)],
)
def test_how_a_draft_is_written(tmp_path: Path, status: str, *, in_force: bool) -> None:
    put(tmp_path, document(status=status))
    assert FileRegistry(tmp_path).datasets() == ("things",) * in_force


@pytest.mark.parametrize("status", ["drfat", "daft", "drafts", "Draf"])
def test_what_is_nearly_a_draft_does_not_go_live(tmp_path: Path, status: str) -> None:
    put(tmp_path, document(status=status))
    with pytest.raises(WrongContract, match="did you mean draft"):
        FileRegistry(tmp_path)
