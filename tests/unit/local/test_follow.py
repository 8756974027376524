"""The readable log."""

import json
from pathlib import Path

from streamlake.local.follow import Follower, render


def test_a_json_line_is_taken_apart_and_any_other_is_left() -> None:
    line = json.dumps(
        {"timestamp": "2026-11-21T07:37:29+0000", "level": "WARNING", "message": "slow", "process": "p", "partition": 3}
    )
    assert render("streamlake-consumer@orders", line, colour=False) == (
        "consumer@orders      | 07:37:29 WARNING slow  partition=3"
    )
    assert render("kafka", "[x] plain", colour=False).endswith("| [x] plain")
    assert render("kafka", "12", colour=False).endswith("| 12")
    assert "\x1b[" in render("kafka", line, colour=True)


def test_it_goes_on_where_it_was_and_waits_for_whole_lines(tmp_path: Path) -> None:
    log = tmp_path / "kafka.log"
    log.write_text("old\n")
    said: list[str] = []
    follower = Follower(tmp_path, said.append, colour=False)
    with log.open("a") as out:
        out.write("new\nhal")
        out.flush()
        follower.poll()
        out.write("f\n")
    (tmp_path / "streamlake-api.log").write_text("later\n")
    follower.poll()
    assert [line.split("| ")[1] for line in said] == ["new\n", "half\n", "later\n"]


def test_a_log_that_was_turned_over_is_read_from_its_start(tmp_path: Path) -> None:
    log = tmp_path / "kafka.log"
    log.write_text("a long line that was there\n")
    said: list[str] = []
    follower = Follower(tmp_path, said.append, colour=False)
    log.replace(tmp_path / "kafka.log.1")
    log.write_text("anew\n")
    follower.poll()
    assert [line.split("| ")[1] for line in said] == ["anew\n"]


def test_a_terminal_that_is_gone_is_no_reason_to_stop(tmp_path: Path) -> None:
    calls = 0

    def gone(_: str) -> None:
        nonlocal calls
        calls += 1
        raise OSError("gone")

    follower = Follower(tmp_path, gone, colour=False)
    (tmp_path / "kafka.log").write_text("one\ntwo\n")
    follower.poll()
    assert calls == 1
