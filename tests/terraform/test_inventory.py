"""The inventory that Terraform's outputs make: groups as the plays name them, and SSH through IAP only."""

import json
import os
import shlex
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / "infra" / "terraform" / "inventory.py"
GROUPS = ("kafka", "api", "consumers", "airflow", "postgres")


def outputs(**changes: Any) -> dict[str, Any]:
    hosts = {
        f"streamlake-kafka-{number}": {
            "zone": f"europe-west1-{zone}",
            "address": f"10.64.0.{number}",
            "groups": ["kafka"],
        }
        for number, zone in ((1, "b"), (2, "c"), (10, "d"))
    }
    hosts["streamlake-lake-1"] = {"zone": "europe-west1-b", "address": "10.64.0.20", "groups": ["api", "consumers"]}
    hosts["streamlake-airflow-1"] = {
        "zone": "europe-west1-b",
        "address": "10.64.0.30",
        "groups": ["airflow", "postgres"],
    }
    value = {
        "format": 1,
        "project": "example-project",
        "hosts": hosts,
        "vars": {"streamlake_deployment": "streamlake", "streamlake_lake_url": "gs://example-project-streamlake-lake"},
    }
    return {"inventory": {"sensitive": False, "type": "…", "value": {**value, **changes}}}


@pytest.fixture
def terraform(tmp_path: Path) -> Path:
    """A program that prints what Terraform would: its folder's `printed`, or fails with its `failed`."""
    program = tmp_path / "terraform"
    program.write_text(
        "#!/bin/sh\n"
        'folder=${1#-chdir=}; [ "$2 $3" = "output -json" ] || exit 9\n'
        '[ -f "$folder/failed" ] && { cat "$folder/failed" >&2; exit 1; }\n'
        'cat "$folder/printed"\n'
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


def ask(terraform: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "TERRAFORM": str(terraform),
        "TERRAFORM_DIR": str(terraform.parent),
        **environment,
    }
    return subprocess.run([sys.executable, str(SCRIPT), *arguments], env=environment, capture_output=True, text=True)


def listed(terraform: Path, document: Any) -> Any:
    (terraform.parent / "printed").write_text(json.dumps(document))
    done = ask(terraform, "--list")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_group_is_there_with_its_hosts_in_order(terraform: Path) -> None:
    inventory = listed(terraform, outputs())
    assert inventory["kafka"]["hosts"] == ["streamlake-kafka-1", "streamlake-kafka-2", "streamlake-kafka-10"]
    assert inventory["api"]["hosts"] == inventory["consumers"]["hosts"] == ["streamlake-lake-1"]
    assert inventory["airflow"]["hosts"] == inventory["postgres"]["hosts"] == ["streamlake-airflow-1"]
    assert inventory["all"]["vars"]["streamlake_lake_url"] == "gs://example-project-streamlake-lake"
    assert inventory["all"]["vars"]["ansible_become"] is True


def test_a_group_without_hosts_is_there_and_empty(terraform: Path) -> None:
    node = {"zone": "europe-west1-b", "address": "10.64.0.2", "groups": ["kafka", "api", "consumers"]}
    hosts = {"streamlake-node-1": node}
    inventory = listed(terraform, outputs(hosts=hosts))
    assert {group: inventory[group]["hosts"] for group in GROUPS}["airflow"] == []


def test_ssh_goes_through_iap_to_that_project_and_zone(terraform: Path) -> None:
    host = listed(terraform, outputs())["_meta"]["hostvars"]["streamlake-kafka-2"]
    assert host["ansible_host"] == "10.64.0.2", "other hosts reach it there"
    assert host["kafka_rack"] == "europe-west1-c"
    options = shlex.split(host["ansible_ssh_common_args"])
    proxy = next(option for option in options if option.startswith("ProxyCommand=")).removeprefix("ProxyCommand=")
    command = shlex.split(proxy)
    assert command[:5] == ["gcloud", "compute", "start-iap-tunnel", "streamlake-kafka-2", "22"]
    assert {"--listen-on-stdin", "--project=example-project", "--zone=europe-west1-c"} <= set(command)
    assert "HostKeyAlias=streamlake-kafka-2.europe-west1-c.example-project" in options
    assert "StrictHostKeyChecking=no" not in options


def test_one_host_is_what_the_list_says_of_it(terraform: Path) -> None:
    inventory = listed(terraform, outputs())
    done = ask(terraform, "--host", "streamlake-lake-1")
    assert json.loads(done.stdout) == inventory["_meta"]["hostvars"]["streamlake-lake-1"]


def test_ansible_reads_it(terraform: Path) -> None:
    """A script's answer as Ansible wants it: `_meta.hostvars`, and groups with hosts, children, vars."""
    inventory = listed(terraform, outputs())
    assert set(inventory) == {"_meta", "all", *GROUPS}
    assert set(inventory["all"]["children"]) == set(GROUPS)
    named = {host for group in GROUPS for host in inventory[group]["hosts"]}
    assert named == set(inventory["_meta"]["hostvars"])


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({}, "terraform apply"),
        ([], "terraform apply"),
        ({"inventory": "x"}, "terraform apply"),
        (outputs(format=2), "format"),
        (outputs(hosts={}), "no hosts"),
        (outputs(project="x; rm -rf /"), "project"),
        (outputs(hosts={"a b": {"zone": "europe-west1-b", "groups": ["kafka"]}}), "host name"),
        (outputs(hosts={"-oProxyCommand=x": {"zone": "europe-west1-b", "groups": ["kafka"]}}), "host name"),
        (outputs(hosts={"kafka-1": {"zone": "$(id)", "groups": ["kafka"]}}), "zone"),
        (outputs(hosts={"kafka-1": {"zone": "europe-west1-b", "groups": ["spark"]}}), "spark"),
        (outputs(hosts={"kafka-1": {"zone": "europe-west1-b", "groups": []}}), "no group"),
        (outputs(hosts={"kafka-1": {"zone": "europe-west1-b", "groups": ["kafka"]}}), "address"),
        (outputs(hosts={"kafka-1": {"zone": "europe-west1-b", "groups": ["kafka"], "address": "-oX"}}), "address"),
    ],
)
def test_what_makes_no_inventory_is_refused_in_words(terraform: Path, document: Any, says: str) -> None:
    (terraform.parent / "printed").write_text(json.dumps(document))
    done = ask(terraform, "--list")
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_terraforms_own_words_are_handed_on(terraform: Path) -> None:
    (terraform.parent / "failed").write_text("Error: Backend initialization required")
    done = ask(terraform, "--list")
    assert done.returncode == 2
    assert "Backend initialization required" in done.stderr
    assert "terraform init" in done.stderr


def test_no_json_no_program_no_folder_and_no_such_host_are_each_said(terraform: Path) -> None:
    (terraform.parent / "printed").write_text("Warning: no outputs found")
    assert "no JSON" in ask(terraform, "--list").stderr
    assert "could not be started" in ask(terraform, "--list", TERRAFORM="/nonexistent/terraform").stderr
    assert "no folder" in ask(terraform, "--list", TERRAFORM_DIR="/nonexistent").stderr
    (terraform.parent / "printed").write_text(json.dumps(outputs()))
    done = ask(terraform, "--host", "nobody")
    assert done.returncode == 2
    assert "nobody" in done.stderr
