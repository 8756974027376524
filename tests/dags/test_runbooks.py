"""The runbooks, loaded by Airflow itself: they can be imported, they refuse wrong parameters, they quote the rest."""

import ast
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from streamlake.dispatch.errors import WrongRequest
from streamlake.dispatch.main import VERBS
from streamlake.dispatch.places import Places
from streamlake.dispatch.request import parse
from tests.support.reference import ROOT

pytestmark = pytest.mark.timeout(400)
DAGS = ROOT / "dags"
GOOD = {"action": "restart", "dataset": "orders", "reason": 'it\'s "stuck" at 50 % <& Öl>; $(id) `id` {{ 1 + 1 }}'}
WRONG = [
    GOOD | change
    for change in (
        {"action": "kill"},
        {"action": "stop; id"},
        {"action": None},
        {"dataset": "orders; id"},
        {"dataset": "../ssh"},
        {"dataset": "orders\n"},
        {"dataset": "Orders"},
        {"dataset": ""},
        {"dataset": ["orders"]},
        {"dataset": 'orders","action":"stop'},
        {"dataset": "a" * 49},
        {"reason": ""},
        {"reason": "a\nb"},
        {"reason": "abc\n"},
        {"reason": "a" * 201},
    )
]


def probed(folder: Path, home: Path, trials: list[dict[str, Any]]) -> dict[str, Any]:
    """What Airflow says of a folder of DAGs."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "CRITICAL",
    }
    programs = [ROOT / ".venv-airflow/bin/python", ROOT / "tests/support/dag_probe.py", folder]
    argv = [*map(str, programs), json.dumps(trials)]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr[-3000:]
    document: dict[str, Any] = json.loads(done.stdout[done.stdout.index('{"errors"') :])
    return document


@pytest.fixture(scope="session")
def airflow() -> None:
    """Airflow's own environment, from its lock."""
    subprocess.run([ROOT / "scripts/tool-venv", "airflow"], check=True, timeout=300)


@pytest.fixture(scope="session")
def loaded(airflow: None, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return probed(DAGS, tmp_path_factory.mktemp("airflow"), [GOOD, *WRONG])


def test_every_runbook_can_be_imported_and_runs_only_when_asked(loaded: dict[str, Any]) -> None:
    assert loaded["errors"] == {}
    assert {path.stem for path in DAGS.glob("*.py")} == set(loaded["dags"])
    for name, dag in loaded["dags"].items():
        assert dag["schedule"] == "NullTimetable", name
        assert not dag["catchup"]


def test_a_broken_file_is_found(airflow: None, tmp_path: Path) -> None:
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "broken.py").write_text("import no_such_module  # airflow DAG\n")
    found = probed(tmp_path / "dags", tmp_path, [])
    assert "no_such_module" in " ".join(found["errors"].values())


def test_a_task_waits_longer_than_the_dispatcher_works(loaded: dict[str, Any]) -> None:
    places = Places()
    tasks = [task for dag in loaded["dags"].values() for task in dag["ssh"]]
    assert tasks
    for task in tasks:
        assert task["cmd_timeout"] > places.lock_seconds + places.work_seconds
        assert task["conn_timeout"]
        assert not task["get_pty"]
        assert task["retries"] == 0, "a restart that is tried again by itself is a second restart"


def test_wrong_parameters_are_refused_before_anything_runs(loaded: dict[str, Any]) -> None:
    good, *wrong = loaded["trials"]
    assert good["taken"]
    for conf, trial in zip(WRONG, wrong, strict=True):
        assert not trial["taken"], conf


def test_what_slips_through_is_still_one_request(loaded: dict[str, Any]) -> None:
    """Past the parameters' schema, quoting leaves either exactly what was asked or a request that is refused."""
    schemas = {name: verb.schema for name, verb in VERBS.items()}
    assert parse(loaded["trials"][0]["command"].encode(), schemas).fields == GOOD | {"if_placed": True}
    for conf, trial in zip(WRONG, loaded["trials"][1:], strict=True):
        with pytest.raises(WrongRequest):
            parse(trial["command"].encode(), schemas)
        assert json.loads(trial["command"].removeprefix("units ")) == conf | {"if_placed": True}


def imports(text: str) -> set[str]:
    """The packages that a module imports."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
    return found


def test_no_runbook_imports_streamlake() -> None:
    """Airflow has an environment of its own; what runbooks need of StreamLake they ask over SSH."""
    paths = list(DAGS.rglob("*.py"))
    assert paths
    for path in paths:
        assert "streamlake" not in imports(path.read_text()), path
    assert "streamlake" in imports("def late():\n    from streamlake.dispatch import main\n"), "the check sees nothing"
