"""Every mistake in a contract file, told at once: where it stands, and what to write instead."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from streamlake.errors import Misconfigured

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake. `path` is the place in the document, as `schema[0].properties[2].logicalType`."""

    file: str
    line: int
    path: str
    text: str

    def __str__(self) -> str:
        return ": ".join(part for part in (f"{self.file}:{self.line}", self.path, self.text) if part)


class WrongContract(Misconfigured):
    """A contract cannot be used. `problems` holds all that is wrong with all files that were read."""

    code = "SL-0101"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__(
            "\n".join(["wrong contract:", *(f"  {problem}" for problem in self.problems)]),
            next_step="\nMend it, then run `streamlake contracts check`.",
        )


@dataclass(slots=True)
class Problems:
    """Collects the mistakes of one file. `lines` knows the line of each place in it."""

    file: str
    lines: Mapping[Path, int] = field(default_factory=dict)
    found: list[Problem] = field(default_factory=list)
    _left_out: set[Path] = field(default_factory=set)

    def add(self, path: Path, text: str, *, left_out: bool = False) -> None:
        """Note one. What was `left_out` is not called wrong again for being absent."""
        if any(path[:length] in self._left_out for length in range(len(path) + 1)):
            return
        if left_out:
            self._left_out.add(path)
        problem = Problem(self.file, self._line(path), written(path), text)
        if problem not in self.found:
            self.found.append(problem)

    def _line(self, path: Path) -> int:
        for length in range(len(path), -1, -1):
            line = self.lines.get(path[:length])
            if line is not None:
                return line
        return 1


def written(path: Path) -> str:
    """The path as a person writes it."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def nearest(name: str, known: Iterable[str]) -> str:
    """`; did you mean x?` or, without one that is near, what there is."""
    known = sorted(known)
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    if near:
        return f"; did you mean {near[0]}?"
    return f"; there is {', '.join(known)}" if known else ""
