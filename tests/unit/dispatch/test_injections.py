"""What an injection does: nothing. Judged by the programs that start, the files that are written and a canary."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support import injection_judge
from tests.support.dispatcher import Dispatcher
from tests.support.host.corpus import injections
from tests.support.reference import ROOT

_STATUS = 'units {{"action":"status","dataset":"orders"{0}}}'
_SHELL = ("; touch {0}", "$(touch {0})", "`touch {0}`", "| tee {0}", "' ; touch {0} '", "&& touch {0}", "> {0}")


def raw(canary: Path) -> list[str]:
    """What no argument of an SSH client can carry, or what is well-formed and only looks dangerous."""
    bodies = [json.dumps(form.format(canary)) for form in _SHELL]
    return [
        *(_STATUS.format(f',"reason":{body}') for body in bodies),
        *(_STATUS.format("") + end for end in ("\0", "\0;id", "\xff", "\r", "\x1b[2J", "\n" + _STATUS.format(""))),
        *("\xef\xbb\xbf" + _STATUS.format("") for _ in range(1)),
        _STATUS.format("").encode("utf-16").decode("latin-1"),
        *(f"\xff{form.format(canary)}" for form in _SHELL),
        *(f"touch\0{canary}", f"\0touch {canary}"),
        "x" * 100_000,
        "units " + " " * 100_000 + "{}",
    ]


def judged(host: Dispatcher, requests: list[str], planted: str = "") -> list[dict[str, Any]]:
    argv = [sys.executable, "-IS", injection_judge.__file__, str(ROOT / "services"), json.dumps(host.places), planted]
    sent = json.dumps([request.encode("utf-8", "surrogatepass").decode("latin-1") for request in requests])
    done = subprocess.run(argv, input=sent, capture_output=True, text=True, timeout=110, cwd="/")
    assert done.returncode == 0, done.stderr
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    assert len(answers) == len(requests)
    return answers


@pytest.fixture
def canary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("canary") / "c"


@pytest.mark.timeout(120)
def test_injections_start_nothing_and_write_nothing(host: Dispatcher, canary: Path) -> None:
    requests = injections(600, seed=11)
    assert len(requests) == 600
    for request, answer in zip(requests, judged(host, requests), strict=True):
        assert answer == {"code": 2, "did": []}, request
    assert not canary.exists()


def test_what_only_looks_dangerous_is_words_to_it(host: Dispatcher, canary: Path) -> None:
    requests = raw(canary)
    looks = {"list-units", "list-unit-files", "show"}
    accepted = 0
    for request, answer in zip(requests, judged(host, requests), strict=True):
        started = [json.loads(did.removeprefix("start ")) for did in answer["did"] if did.startswith("start ")]
        # No file is written; /dev/null is what a program that is started reads.
        assert {did for did in answer["did"] if not did.startswith("start ")} <= {"write '/dev/null'"}, request
        for argv in started:
            assert argv[0] == host.places["systemctl"]
            assert looks & set(argv), request
            assert not [word for word in argv if "touch" in word or "\n" in word]
        accepted += answer["code"] == 0
        assert bool(started) == (answer["code"] == 0), request
    assert accepted == len(_SHELL), "a reason is free text, and only that"
    assert not canary.exists()
    assert host.verbs() == []


def test_the_judge_sees_a_dispatcher_that_uses_a_shell(host: Dispatcher, canary: Path) -> None:
    """The planted bug, before the same judge."""
    payloads = [form.format(canary) for form in _SHELL]
    requests = [f"x {text}" for text in payloads] + [f"units {json.dumps({'dataset': text})}" for text in payloads]
    answers = judged(host, requests, "planted")
    assert all(any(did.startswith("start") for did in answer["did"]) for answer in answers)
    assert canary.exists()
