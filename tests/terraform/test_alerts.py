"""What alerts ask for exists: the metrics in their queries, the lines in their log filters, their runbooks."""

import re
import subprocess
from pathlib import Path

import pytest

from streamlake.consumer.snapshot import Counters
from streamlake.metrics import NAMES

ROOT = Path(__file__).parents[2]
MODULE = ROOT / "infra" / "terraform" / "modules" / "observability"
MAIN = (MODULE / "main.tf").read_text()
QUERIES = re.findall(
    r"streamlake_[a-z_]+(?:\{[^}]*\})?", "\n".join(re.findall(r'^\s+"?(?:query\s+=|sum by).*', MAIN, re.MULTILINE))
)
RUNBOOKS = re.findall(r'runbook\s+= "([a-z-]+)"', MAIN)


def test_there_are_alerts_to_look_at() -> None:
    assert len(QUERIES) >= 5
    assert len(RUNBOOKS) >= 9


@pytest.mark.parametrize("slug", sorted({*RUNBOOKS, "costs-rise"}))
def test_each_alert_has_a_runbook_that_starts_from_the_symptom(slug: str) -> None:
    page = (ROOT / "docs" / "runbooks" / f"{slug}.md").read_text()
    assert [part for part in ("**What you see.**", "**Why.**", "**What to do.**") if part not in page] == []


@pytest.mark.parametrize("slug", sorted({*RUNBOOKS, "costs-rise"}))
def test_a_runbooks_links_lead_somewhere(slug: str) -> None:
    folder = ROOT / "docs" / "runbooks"
    links = re.findall(r"\]\(([^)#]+)\)", (folder / f"{slug}.md").read_text())
    assert [link for link in links if not (folder / link).exists()] == []


@pytest.mark.parametrize("query", sorted(set(QUERIES)))
def test_each_query_names_a_metric_that_we_export(query: str) -> None:
    name, _, labels = query.partition("{")
    assert name.removesuffix("_total") in NAMES
    for counters in re.findall(r'counter=~?\\"([a-z_|]+)\\"', labels):
        assert set(counters.split("|")) <= set(Counters().as_dict())


def test_the_certificate_alert_reads_the_line_that_the_script_writes(tmp_path: Path) -> None:
    """One that ends soon is named with days and path; one that does not, and what is no certificate, is not."""
    for name, days in (("soon.crt", 5), ("later.crt", 300)):
        wanted = ["-days", str(days), "-keyout", str(tmp_path / f"{name}.key"), "-out", str(tmp_path / name)]
        made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=host", *wanted]
        subprocess.run(made, check=True, capture_output=True)
    (tmp_path / "no.pem").write_text("not a certificate")
    script = MODULE / "certificates.sh"
    done = subprocess.run(
        ["bash", script, "21", tmp_path, tmp_path / "absent"], capture_output=True, text=True, check=True
    )
    said = done.stdout.splitlines()
    assert said[-1] == "certificates looked at: 2"
    assert len(said) == 2
    pattern = re.search(r'filter\s+= "jsonPayload.MESSAGE=~\\"(\^certificate.*?)\\""', MAIN)
    assert pattern is not None
    assert re.match(pattern[1], said[0])
    extracted = re.search(r"path=(\S+)", said[0])
    assert extracted is not None
    assert extracted[1] == str(tmp_path / "soon.crt")


def test_no_certificate_at_all_is_said_and_not_passed_over(tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", MODULE / "certificates.sh", "21", tmp_path], capture_output=True, text=True, check=True
    )
    assert done.stdout == "certificates looked at: 0\n"
