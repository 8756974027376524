"""A new dataset's folder from sample events: made whole or not at all, and never over one that is there."""

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from streamlake.contract import odcs
from streamlake.contract.gate import compile_gate
from streamlake.contract.inference import infer
from streamlake.contract.rejection import Rejection
from streamlake.contract.strict_json import read
from streamlake.errors import Misconfigured, Refused

MAX_EVENTS: Final = 10_000
_MAX_BYTES: Final = 1_048_576
_MAX_REPORTED: Final = 20


class DatasetExists(Refused):
    """The dataset's folder is there already, or cannot be made; nothing was written."""

    code = "SL-0105"


class WrongSamples(Misconfigured):
    """The sample events, or the dataset's name, cannot make a contract; nothing was written."""

    code = "SL-0106"


@dataclass(frozen=True, slots=True)
class Drafted:
    """What was made, from how many events, and what a person has to decide."""

    folder: Path
    events: int
    questions: tuple[str, ...]


def draft(contracts_dir: Path, dataset: str, samples: Path) -> Drafted:
    """Make `<contracts_dir>/<dataset>/` with a contract and examples from a file of one event a line."""
    wrong = odcs.wrong_name(dataset)
    if wrong is not None:
        raise WrongSamples(f"{dataset[:64]!r} is no name for a dataset: it {wrong}.")
    folder = contracts_dir / dataset
    if folder.exists():
        step = "Edit the contract that is there: `streamlake contracts diff` says what a change breaks."
        raise DatasetExists(f"{folder} is there already.", next_step=step)
    values = _read(samples)
    made = infer(dataset, [event for _, event in values])
    if not made.fields:
        step = "Give more events: " + "; ".join(made.questions)
        raise WrongSamples(f"no field of {samples} can be declared.", next_step=step)
    text = made.text.encode()
    gate = compile_gate(odcs.parse(text, str(folder / "contract.yaml")))
    refused = gate.judge_many([value for value, _ in values])
    for index, rejection in sorted(refused.items()):
        # The draft must take what it was made from; if not, the sample shows what a person has to decide.
        made.questions.append(f"event {index + 1} of the sample is refused: {rejection.detail}")
    good = next((value for index, (value, _) in enumerate(values) if index not in refused), None)
    empty = gate.judge(b"{}")
    files = {"contract.yaml": text}
    if good is not None:
        files["examples/ok/first.json"] = good + b"\n"
    if empty is not None:
        files["examples/bad/empty.json"] = b"{}\n"
        files["examples/bad/empty.reason"] = f"{empty.reason} {empty.field or ''}".strip().encode() + b"\n"
    _make(folder, files)
    return Drafted(folder, len(values), tuple(made.questions))


def _make(folder: Path, files: dict[str, bytes]) -> None:
    """The folder with all its files, or nothing."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".new-") as scratch:
            new = Path(scratch) / folder.name
            for name, content in files.items():
                (new / name).parent.mkdir(parents=True, exist_ok=True)
                (new / name).write_bytes(content)
            new.rename(folder)
    except OSError as error:
        raise DatasetExists(f"{folder} cannot be made: {error.strerror}.") from error


def _read(samples: Path) -> list[tuple[bytes, dict[str, Any]]]:
    try:
        with samples.open("rb") as lines:
            return _events(lines, samples)
    except OSError as error:
        raise WrongSamples(f"{samples} cannot be read: {error.strerror}.") from error


def _events(lines: Iterable[bytes], samples: Path) -> list[tuple[bytes, dict[str, Any]]]:
    values: list[tuple[bytes, dict[str, Any]]] = []
    wrong: list[str] = []
    for number, line in enumerate(lines, 1):
        value = line.strip(b" \t\r\n")
        if not value:
            continue
        event = read(value, _MAX_BYTES)
        if isinstance(event, Rejection):
            wrong.append(f"  {samples}:{number}: {event.reason}: {event.detail}")
        else:
            values.append((value, event.last))
        if len(values) == MAX_EVENTS or len(wrong) == _MAX_REPORTED:
            break
    if wrong:
        raise WrongSamples("\n".join(["not one JSON object a line:", *wrong]))
    if not values:
        raise WrongSamples(f"{samples} holds no event.", next_step="Give a file with one JSON object a line.")
    return values
