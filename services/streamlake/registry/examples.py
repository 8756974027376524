"""The events beside a contract: `examples/ok/*.json` it accepts, `examples/bad/*.json` it refuses.

Beside each bad one stands `<name>.reason`: the reason's code and, where there is one, the field, as
`contract.missing order_id`. They are read as bytes, because much that is bad is no text.
"""

from dataclasses import dataclass
from pathlib import Path

from streamlake.contract.gate import Gate
from streamlake.contract.problems import Problem


@dataclass(frozen=True, slots=True)
class Example:
    """One event. `reason` and `field` are what the gate must say of it; both are None for one that is accepted."""

    name: str
    value: bytes
    reason: str | None = None
    field: str | None = None


def load(folder: Path, problems: list[Problem]) -> tuple[Example, ...]:
    """The examples in a dataset's folder, the good ones first; what cannot be read is added to `problems`."""
    good = [Example(str(file), file.read_bytes()) for file in sorted((folder / "examples/ok").glob("*.json"))]
    bad = []
    for file in sorted((folder / "examples/bad").glob("*.json")):
        beside = file.with_suffix(".reason")
        words = beside.read_text("utf-8", "replace").split() if beside.is_file() else []
        if not 1 <= len(words) <= 2:
            text = "must hold the reason's code and the field, as `contract.missing order_id`"
            problems.append(Problem(str(beside), 1, "", text))
            continue
        bad.append(Example(str(file), file.read_bytes(), words[0], words[1] if len(words) == 2 else None))
    return (*good, *bad)


def try_out(gate: Gate, examples: tuple[Example, ...], problems: list[Problem]) -> None:
    """Send them through the gate; each that is not judged as it should be is added to `problems`."""
    for example in examples:
        rejection = gate.judge(example.value)
        expected = (example.reason, example.field)
        if rejection is None and example.reason is not None:
            problems.append(Problem(example.name, 1, "", f"is accepted, should be refused with {example.reason}"))
        elif rejection is not None and (rejection.reason, rejection.field) != expected:
            said = f"{rejection.reason} {rejection.field or ''}".strip()
            wanted = f"refused with {' '.join(w for w in expected if w)}" if example.reason else "accepted"
            problems.append(
                Problem(example.name, 1, "", f"is refused with {said}, should be {wanted}: {rejection.detail}")
            )
