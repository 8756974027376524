"""docs/promises.md: each promise names the test that holds it, and that test exists."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
_ROW = re.compile(r"^\| (.+?) \| (.+?) \|$", re.MULTILINE)
_TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def rows() -> list[tuple[str, list[tuple[str, str]]]]:
    text = (ROOT / "docs" / "promises.md").read_text()
    return [
        (promise, _TEST.findall(tests)) for promise, tests in _ROW.findall(text) if promise not in ("promise", "---")
    ]


def functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_each_promise_names_a_test_that_exists() -> None:
    found = rows()
    assert len(found) > 20, "the promises were not found"
    for promise, tests in found:
        assert tests, f"no test holds: {promise}"
        for path, name in tests:
            assert (ROOT / path).exists(), f"{path}, which should hold: {promise}"
            if name:
                assert name in functions(ROOT / path), f"{path} has no {name}, which should hold: {promise}"


def test_every_invariant_is_promised() -> None:
    text = (ROOT / "docs" / "promises.md").read_text()
    for number in range(1, 13):
        if number != 10:  # replay and backfill are not there yet
            assert f"**I{number}**" in text
