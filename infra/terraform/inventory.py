#!/usr/bin/env python3
"""Ansible's inventory, out of what Terraform made. Needs nothing but Python, Terraform (or OpenTofu) and gcloud.

    ansible-playbook -i infra/terraform/inventory.py infra/ansible/site.yml
    TERRAFORM_DIR=infra/terraform/examples/three-node infra/terraform/inventory.py --list

It reads `terraform output -json` in TERRAFORM_DIR (default: the folder of this file; else an example, or a root of your
own with the same `inventory` output). TERRAFORM names the program. The VMs have no public address, so SSH goes through
Google's Identity-Aware Proxy. Exit code 2: there is nothing to make an inventory from, and stderr says why.
"""

import argparse
import ipaddress
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

FORMAT = 1
GROUPS = ("kafka", "api", "consumers", "airflow", "postgres")
NAME = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
PROJECT = re.compile(r"([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]")
ZONE = re.compile(r"[a-z]+-[a-z]+[0-9]+-[a-z]")


class NoInventory(Exception):
    """There is nothing to make an inventory from; the sentence says what to do."""


def of_output(text: str) -> dict[str, Any]:
    """The `inventory` output in what `terraform output -json` printed; NoInventory where it is none."""
    try:
        outputs = json.loads(text)
    except ValueError:
        raise NoInventory("`terraform output -json` printed no JSON.") from None
    if not isinstance(outputs, dict) or not isinstance(outputs.get("inventory"), dict):
        raise NoInventory(
            "There is no output `inventory`. Run `terraform apply` first; a root of your own must hand it on."
        )
    found = outputs["inventory"].get("value")
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise NoInventory(
            f"The output `inventory` has another format than {FORMAT}. Apply again, with this release's modules."
        )
    return found


def as_ansible(found: dict[str, Any]) -> dict[str, Any]:
    """What Ansible asks a script for with --list: groups, and each host's variables under `_meta`."""
    project = _checked(PROJECT, found.get("project"), "project")
    hosts = found.get("hosts")
    if not isinstance(hosts, dict) or not hosts:
        raise NoInventory("The output `inventory` has no hosts.")
    members: dict[str, list[str]] = {group: [] for group in GROUPS}
    variables = {}
    for name, host in sorted(hosts.items(), key=lambda item: _numbered(item[0])):
        _checked(NAME, name, "host name")
        zone = _checked(ZONE, host.get("zone"), f"zone of {name}")
        unknown = set(host.get("groups", ())) - members.keys()
        if unknown or not host.get("groups"):
            raise NoInventory(f"{name} is in no group, or in one that is unknown: {sorted(unknown)}.")
        for group in host["groups"]:
            members[group].append(name)
        variables[name] = _host_variables(name, zone, project, _checked_address(host.get("address"), name))
        if "kafka" in host["groups"]:
            variables[name]["kafka_rack"] = zone
    return {
        "_meta": {"hostvars": variables},
        "all": {"children": list(GROUPS), "vars": {"ansible_become": True, **found.get("vars", {})}},
        **{group: {"hosts": names} for group, names in members.items()},
    }


def of_host(inventory: dict[str, Any], name: str) -> dict[str, Any]:
    """What Ansible asks a script for with --host."""
    found: dict[str, Any] | None = inventory["_meta"]["hostvars"].get(name)
    if found is None:
        raise NoInventory(f"There is no host {name!r}.")
    return found


def _host_variables(name: str, zone: str, project: str, address: str) -> dict[str, Any]:
    tunnel = ["gcloud", "compute", "start-iap-tunnel", name, "22", "--listen-on-stdin", "--verbosity=warning"]
    proxy = shlex.join([*tunnel, f"--project={project}", f"--zone={zone}"])
    # A host is known by project, zone and name: another deployment's host of the same name is another host.
    alias = f"{name}.{zone}.{project.replace(':', '.')}"
    options = ["-o", f"ProxyCommand={proxy}", "-o", f"HostKeyAlias={alias}", "-o", "StrictHostKeyChecking=accept-new"]
    return {
        "ansible_host": address,  # where the other hosts find it; SSH finds it by the tunnel's name and zone
        "ansible_ssh_common_args": shlex.join(options),
        "streamlake_zone": zone,
    }


def _checked(pattern: re.Pattern[str], text: Any, what: str) -> str:
    """The text, if it is what it should be: it ends up in a command line of SSH."""
    if not isinstance(text, str) or not pattern.fullmatch(text):
        raise NoInventory(f"The output `inventory` has a {what} that is none: {text!r}.")
    return text


def _checked_address(text: Any, name: str) -> str:
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        raise NoInventory(f"The output `inventory` has an address of {name} that is none: {text!r}.") from None


def _numbered(name: str) -> tuple[str, int]:
    """kafka-2 comes before kafka-10."""
    stem, _, number = name.rpartition("-")
    return (stem, int(number)) if number.isdigit() else (name, 0)


def printed(folder: Path) -> str:
    """What Terraform prints of its outputs."""
    program = os.environ.get("TERRAFORM") or shutil.which("terraform") or shutil.which("tofu")
    if program is None:
        raise NoInventory("Neither terraform nor tofu is installed. TERRAFORM may name the program.")
    if not folder.is_dir():
        raise NoInventory(f"TERRAFORM_DIR is no folder: {folder}")
    try:
        done = subprocess.run(  # noqa: S603  # the program is Terraform, which whoever runs this has named or installed
            [program, f"-chdir={folder}", "output", "-json", "-no-color"], capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise NoInventory(f"{program} could not be started: {error.strerror}.") from None
    if done.returncode != 0:
        raise NoInventory(
            f"`terraform output` failed in {folder}. Has `terraform init` run there?\n{done.stderr.strip()}"
        )
    return done.stdout


def main() -> int:
    """Print what Ansible asks for."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = asked.add_mutually_exclusive_group(required=True)
    what.add_argument("--list", action="store_true", help="all groups and hosts")
    what.add_argument("--host", metavar="NAME", help="one host's variables")
    arguments = asked.parse_args()
    folder = Path(os.environ.get("TERRAFORM_DIR") or Path(__file__).resolve().parent)
    try:
        inventory = as_ansible(of_output(printed(folder)))
        if arguments.host is not None:
            inventory = of_host(inventory, arguments.host)
    except NoInventory as why:
        sys.stderr.write(f"inventory.py: {why}\n")
        return 2
    sys.stdout.write(json.dumps(inventory, indent=2, sort_keys=True) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
