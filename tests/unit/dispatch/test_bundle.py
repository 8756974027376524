"""What is installed: one file, always the same, that needs nothing but Python's own library."""

import json
import re
import subprocess
import sys
from pathlib import Path

from streamlake.dispatch.main import VERBS
from streamlake.dispatch.units import SCHEMA
from tests.support.reference import ROOT

FILES = ROOT / "infra/ansible/roles/operators/files"


def bundled(out: Path) -> Path:
    subprocess.run([sys.executable, "-I", FILES / "bundle.py", ROOT / "services/streamlake", out], check=True)
    return out


def test_the_bundle_comes_out_the_same(tmp_path: Path) -> None:
    """Else every run of the play would say that it changed something."""
    assert bundled(tmp_path / "a.zip").read_bytes() == bundled(tmp_path / "b.zip").read_bytes()


def test_it_answers_without_any_package(tmp_path: Path) -> None:
    """As its command runs it: isolated, without site-packages, from the one file."""
    command = (FILES / "streamlake-dispatch").read_text()
    assert command.startswith("#!/usr/bin/python3 -IS\n")
    where = "/usr/local/lib/streamlake-dispatch.zip"
    assert where in command
    program = tmp_path / "program"
    program.write_text(command.replace(where, str(bundled(tmp_path / "d.zip"))))
    done = subprocess.run([sys.executable, "-IS", program], env={}, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    assert json.loads(done.stdout)["error"]["id"] == "SL-0901"
    assert done.returncode == 2


def test_the_page_lists_every_verb_and_field() -> None:
    page = (ROOT / "docs/operators.md").read_text()
    assert set(VERBS) == {"units"}, "describe the new verb in docs/operators.md, and name it here"
    table = page[page.index("| field of `units`") :].split("\n\n")[0]
    listed = re.findall(r"^\| `([a-z_]+)`", table, re.MULTILINE)
    assert listed == [*SCHEMA.required, *SCHEMA.optional]


def test_polkit_knows_the_same_units_and_verbs() -> None:
    """Two walls that share no code, so what both say is compared."""
    rule = (FILES / "50-streamlake-ops.rules").read_text()
    assert 'var verbs = ["start", "stop", "restart"];' in rule
    assert r"/^streamlake-consumer@[a-z][a-z0-9_]{0,47}(\.[0-9]{1,2})?\.service$/" in rule
    assert rule.count("polkit.Result.YES") == 1
    assert rule.rstrip().endswith("return polkit.Result.NO;\n});")
