"""The contracts that are shipped judge their own examples as the files beside them say; a wrong example is found."""

from pathlib import Path

import pytest

from streamlake.contract.gate import compile_gate
from streamlake.contract.problems import Problem
from streamlake.registry import examples
from streamlake.registry.checking import check_all
from streamlake.registry.files import FileRegistry
from tests.support.contract_files import document, put

CONTRACTS = Path(__file__).parents[3] / "contracts"


@pytest.mark.parametrize("dataset", ["orders", "clicks", "payments"])
def test_shipped_examples_go_through_the_gate_as_told(dataset: str) -> None:
    problems: list[Problem] = []
    found = examples.load(CONTRACTS / dataset, problems)
    gate = compile_gate(FileRegistry(CONTRACTS).current(dataset))
    examples.try_out(gate, found, problems)
    assert problems == []
    assert any(example.reason is None for example in found)
    assert any(example.reason is not None for example in found)
    assert all(gate.key(example.value) for example in found if example.reason is None)


def test_personal_data_is_marked() -> None:
    payer = next(f for f in FileRegistry(CONTRACTS).current("payments").fields if f.name == "payer")
    assert {f.name: f.classification for f in payer.fields}["email"] == "personal"


@pytest.mark.parametrize(
    ("kind", "event", "reason", "words"),
    [
        ("ok", b"{}", None, "should be accepted"),
        ("bad", b'{"id":"1","at":"2026-11-21T09:30:00Z","f":1}', "contract.type f", "is accepted, should be refused"),
        ("bad", b"{}", "contract.missing at", "should be refused with contract.missing at"),
        ("bad", b"{}", "contract.type id", "refused with contract.missing id"),
        ("bad", b"{}", None, "must hold the reason"),
        ("bad", b"{}", "far too many words", "must hold the reason"),
    ],
)
def test_an_example_that_is_judged_otherwise_is_a_mistake(
    tmp_path: Path, kind: str, event: bytes, reason: str | None, words: str
) -> None:
    put(tmp_path, document())
    folder = tmp_path / "things/examples" / kind
    folder.mkdir(parents=True)
    (folder / "x.json").write_bytes(event)
    if reason is not None:
        (folder / "x.reason").write_text(reason)
    _, problems = check_all(tmp_path)
    assert len(problems) == 1
    assert words in problems[0].text


def test_checking_nothing_is_a_mistake(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent"):
        checked, problems = check_all(path)
        assert checked == ()
        assert len(problems) == 1


def test_a_folder_a_dataset_or_a_file_can_be_checked(tmp_path: Path) -> None:
    file = put(tmp_path, document())
    for path in (tmp_path, file.parent, file):
        checked, problems = check_all(path)
        assert ([c.contract.dataset for c in checked], problems) == (["things"], ())
