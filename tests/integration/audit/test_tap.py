"""Taps show what flows and what would be refused, and leave no trace: no group, no commit, no record."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from streamlake.cli.tap import tap as tap_command
from tests.support.consumer import Rig, event, poison

pytestmark = pytest.mark.broker

Ask = Callable[..., tuple[int, dict[str, Any]]]
app = typer.Typer()
app.command("tap")(tap_command)


@pytest.fixture
def ask(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Ask:
    for name, value in rig.environment().items():
        if name.startswith("STREAMLAKE_"):
            monkeypatch.setenv(name, value)

    def run(*arguments: str) -> tuple[int, dict[str, Any]]:
        result = CliRunner().invoke(app, [rig.dataset, *arguments, "--json"])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        document: dict[str, Any] = json.loads(result.stdout)
        return result.exit_code, document

    return run


def test_what_flows_is_shown_and_nothing_is_left_behind(rig: Rig, ask: Ask) -> None:
    rig.send([event(n) for n in range(30)])
    groups = {group.group_id for group in rig.broker.admin().list_consumer_groups().result(20).valid}
    assert [r["offset"] for r in ask("--last", "3")[1]["records"]] == [27, 28, 29]
    code, document = ask("--last", "100", "--limit", "5")
    assert (code, [r["offset"] for r in document["records"]]) == (0, [0, 1, 2, 3, 4])
    assert json.loads(document["records"][0]["value"]) == {"id": "e0", "n": 0}
    assert ask("--last", "0", "--for", "1s")[1]["records"] == []
    rig.send([event(30)], key=b"\xff")
    (told,) = ask("--last", "1")[1]["records"]
    assert (told["key"], told["key_base64"]) == (None, "/w==")
    assert {group.group_id for group in rig.broker.admin().list_consumer_groups().result(20).valid} == groups
    assert rig.bounds(rig.raw)[0] == (0, 31)


def test_what_would_be_refused_is_shown_with_its_reason_from_where_the_consumer_stands(rig: Rig, ask: Ask) -> None:
    rig.send([event(0), poison(1)])
    consumer = rig.start()
    rig.wait_landed()
    assert consumer.stop() == 0
    assert ask("--bad")[0] == 0, "what was dead-lettered already does not wait"
    rig.send([event(2), poison(3), b'{"n":1}', None, event(4), poison(5)])
    code, document = ask("--bad", "--limit", "2")
    assert (code, document["refused"], document["looked_at"]) == (1, 3, 6)
    assert [r["offset"] for r in document["records"]] == [3, 4]
    assert document["reasons"]["contract.missing"] == 1
    assert document["suggest"][0] == f"streamlake consumer resume {rig.dataset}"
