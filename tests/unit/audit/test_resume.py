"""An audit that runs out of time goes on where it stopped, and ends with what an audit in one go would have said."""

import itertools
from pathlib import Path
from typing import Any

import pytest

from streamlake.audit import run
from streamlake.audit.findings import Verdict
from streamlake.audit.looking import Looking
from streamlake.audit.options import Options
from streamlake.audit.report import Report
from streamlake.audit.state import Progress
from streamlake.errors import EXIT_HALFWAY
from tests.support.lakes import HandLake
from tests.unit.audit.test_sealed import SHALLOW, Damage, sealed_lake


def count_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second passes with each look at the clock, so `max_seconds` is a number of steps."""

    def looking(*arguments: Any) -> Looking:
        made, clock = Looking(*arguments), itertools.count(1)
        made.monotonic = lambda: float(next(clock))
        made.deadline = made.options.max_seconds or float("inf")
        return made

    monkeypatch.setattr(run, "Looking", looking)


def audit_in_pieces(lake: HandLake, state: Path, steps: int) -> tuple[Report, int]:
    options = Options(deep=True, settle_seconds=0, max_seconds=float(steps), seed=3)
    progress = Progress(state, lake.store.url, lake.dataset, options)
    for pieces in range(1, 500):
        report = run.audit(lake.store, lake.dataset, options, None, progress=progress, resume=True)
        if report.checked.complete:
            return report, pieces
        assert report.exit_code == EXIT_HALFWAY or report.verdict is Verdict.FOUND
        assert progress.path.exists()
    raise AssertionError("it never came to an end")


def said(report: Report) -> dict[str, Any]:
    document = report.document()
    return {name: document[name] for name in ("verdict", "reason", "checked", "partitions", "found", "findings")}


@pytest.mark.parametrize(
    ("damage", "steps"), [(None, 1), (None, 3), *((d, 1 + n % 5) for n, (d, _) in enumerate(SHALLOW))]
)
def test_in_pieces_it_says_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: Damage | None, steps: int
) -> None:
    lake, claims, seal = sealed_lake(tmp_path / "lake")
    if damage is not None:
        damage(lake, claims, seal)
    whole = run.audit(lake.store, lake.dataset, Options(deep=True, settle_seconds=0, seed=3))
    count_time(monkeypatch)
    report, pieces = audit_in_pieces(lake, tmp_path / "state", steps)
    assert pieces > 1
    assert said(report) == said(whole)
    assert not list((tmp_path / "state").iterdir()), "what is complete leaves nothing behind"


def test_another_question_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake, _, _ = sealed_lake(tmp_path / "lake")
    count_time(monkeypatch)
    first = Options(deep=True, max_seconds=2.0)
    other = Options(deep=True, max_seconds=2.0, first="2026-11-22")
    run.audit(lake.store, "orders", first, progress=Progress(tmp_path, lake.store.url, "orders", first))
    assert Progress(tmp_path, lake.store.url, "orders", first).load() is not None
    assert Progress(tmp_path, lake.store.url, "orders", other).load() is None
    again = run.audit(lake.store, "orders", first, progress=Progress(tmp_path, lake.store.url, "orders", first))
    assert not again.resumed, "only --resume goes on"


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"format":9}'])
def test_progress_that_cannot_be_read_is_no_progress(tmp_path: Path, content: bytes) -> None:
    progress = Progress(tmp_path, "lake", "orders", Options())
    progress.path.write_bytes(content)
    assert progress.load() is None


def test_a_folder_that_cannot_be_written_ends_no_audit(tmp_path: Path) -> None:
    lake, _, _ = sealed_lake(tmp_path / "lake")
    (tmp_path / "state").write_text("a file")
    progress = Progress(tmp_path / "state" / "audits", lake.store.url, "orders", Options())
    assert run.audit(lake.store, "orders", Options(), progress=progress).verdict is Verdict.OK
