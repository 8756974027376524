"""What an inventory must say before anything is changed. Run by Ansible's own Python, for its YAML.

    plan_checks.py ROLES <DOCUMENT      prints {"failures": [{"host", "check", "detail", "todo"}]}

The document: {"hosts": {name: {"groups": [...], "variables": {...}}}, "datasets": [name, ...]}
"""

import difflib
import json
import re
import ssl
import sys
from pathlib import Path

EVERYWHERE = "inventory"
Failures = list  # of {"host", "check", "detail", "todo"}
Hosts = dict  # name -> {"groups", "variables"}


def failure(host: str, check: str, detail: str, todo: str) -> "dict[str, str]":
    """One finding."""
    return {"host": host, "check": check, "detail": detail, "todo": todo}


def members(hosts: "Hosts", group: str) -> "list[str]":
    """The hosts of a group."""
    return [name for name, host in hosts.items() if group in host["groups"]]


def groups(hosts: "Hosts") -> "Failures":
    """Which host is what."""
    found = []
    brokers, consumers = members(hosts, "kafka"), members(hosts, "consumers")
    if not consumers:
        found.append(
            failure(EVERYWHERE, "groups", "no host is in the group consumers", "Name one: nothing would land.")
        )
    if not members(hosts, "api"):
        found.append(failure(EVERYWHERE, "groups", "no host is in the group api", "Name one: nothing could be sent."))
    if not brokers and not all("streamlake_bootstrap_servers" in host["variables"] for host in hosts.values()):
        todo = "Name one, or set streamlake_bootstrap_servers to a Kafka that stands elsewhere."
        found.append(failure(EVERYWHERE, "groups", "no host is in the group kafka", todo))
    if len(brokers) % 2 == 0 and brokers:
        detail = f"{len(brokers)} hosts are in the group kafka: half of them are no majority"
        found.append(failure(EVERYWHERE, "groups", detail, "Take one, three or five."))
    for name in sorted(set(members(hosts, "airflow")) - set(members(hosts, "postgres"))):
        detail = "is in the group airflow, but not in postgres; Airflow reaches its database by a socket"
        found.append(failure(name, "groups", detail, "Put it into both."))
    return found


def unknown(hosts: "Hosts", known: "list[str]") -> "Failures":
    """Variables that no role reads: one that is mistyped would be an outage later."""
    found = []
    for name, host in hosts.items():
        for variable in sorted(set(host["variables"]) - set(known)):
            near = difflib.get_close_matches(variable, known, n=1)
            todo = f"Did you mean {near[0]}?" if near else "Take it out; docs/deploy.md lists what there is."
            found.append(failure(name, "variables", f"{variable} is not a variable of any role", todo))
    return found


def datasets(hosts: "Hosts", there: "list[str]") -> "Failures":
    """Who lands what, and where."""
    found, landing = [], {}
    for name in members(hosts, "consumers"):
        mine = hosts[name]["variables"].get("streamlake_consumer_datasets", there)
        if not isinstance(mine, list):
            continue  # its type is told elsewhere
        for dataset in mine:
            landing.setdefault(dataset, []).append(name)
            if dataset not in there:
                near = difflib.get_close_matches(str(dataset), there, n=1)
                todo = f"Did you mean {near[0]}?" if near else "Write its contract first."
                found.append(
                    failure(name, "datasets", f"streamlake_consumer_datasets: {dataset} has no contract", todo)
                )
    for dataset in there:
        if members(hosts, "consumers") and dataset not in landing:
            todo = "Add it to streamlake_consumer_datasets of a host."
            found.append(failure(EVERYWHERE, "datasets", f"no host lands {dataset}", todo))
    for dataset, names in landing.items():
        if len(names) > 1 and not all(shared(hosts[name]["variables"]) for name in names):
            detail = f"{' and '.join(names)} land {dataset}, each on a disk of its own; a dataset has one lake"
            todo = "Set streamlake_lake_url to a bucket, or streamlake_consumer_datasets so that one host lands it."
            found.append(failure(EVERYWHERE, "lake", detail, todo))
    return found


def shared(variables: "dict[str, object]") -> bool:
    """Whether the lake of this host is that of others, too."""
    url = str(variables.get("streamlake_lake_url", "file://"))
    return not url.startswith("file://") or bool(variables.get("streamlake_lake_shared", False))


def api(hosts: "Hosts") -> "Failures":
    """Keys never travel in the clear, and the certificate can be used."""
    found = []
    for name in members(hosts, "api"):
        variables = hosts[name]["variables"]
        host, tls = str(variables.get("config_api_host", "127.0.0.1")), variables.get("config_api_tls", "none")
        loopback = host == "localhost" or re.match(r"127\.|::1$", host) is not None
        if not loopback and tls == "none" and variables.get("config_api_behind_tls_proxy", False) is not True:
            detail = f"the API would listen on {host} without TLS, and keys would travel in the clear"
            todo = "Set config_api_tls, or config_api_behind_tls_proxy where a proxy in front speaks TLS."
            found.append(failure(name, "api", detail, todo))
        if tls == "files":
            files = [str(variables.get(f"config_api_tls_{part}_file", "")) for part in ("cert", "key")]
            found += certificate(name, *files)
        keys = str(variables.get("config_api_keys_file", ""))
        if keys and not Path(keys).is_file():
            todo = "Make it with `streamlake keys new`, or take the variable out."
            found.append(failure(name, "api", f"config_api_keys_file: there is no {keys}", todo))
    serving = members(hosts, "api")
    if len(serving) > 1 and not all(hosts[name]["variables"].get("config_api_keys_file") for name in serving):
        off = [n for n in serving if not str(hosts[n]["variables"].get("config_api_host", "127.")).startswith("127.")]
        if off:
            todo = "Set config_api_keys_file, or a key that one of them knows is refused by the others."
            found.append(
                failure(EVERYWHERE, "api", f"{len(serving)} hosts serve the API, each with keys of its own", todo)
            )
    return found


def certificate(host: str, cert: str, key: str) -> "Failures":
    """A certificate and its key, as the API will read them."""
    if not cert or not key:
        todo = "Set config_api_tls_cert_file and config_api_tls_key_file."
        return [failure(host, "api", "config_api_tls is files, and the files are not named", todo)]
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key)
    except (OSError, ssl.SSLError) as error:
        todo = "Both are PEM files on this machine, and belong to each other."
        return [failure(host, "api", f"{cert} with {key} cannot be used: {error}", todo)]
    return []


def settings(hosts: "Hosts") -> "Failures":
    """Values that one line of an environment file can carry as they are."""
    found = []
    for name, host in hosts.items():
        given = host["variables"].get("config_settings", {})
        for key, value in given.items() if isinstance(given, dict) else ():
            if isinstance(value, (dict, list)) or value is None or re.search(r"[\n\"'\\#]|^\s|\s$", str(value)):
                todo = "One plain word or number, without quotes and line ends."
                found.append(failure(name, "settings", f"config_settings: {key} has the value {value!r}", todo))
    return found


def secrets(hosts: "Hosts") -> "Failures":
    """Where secrets come from can be asked."""
    found = []
    for name, host in hosts.items():
        google = host["variables"].get("streamlake_google", {})
        asked = host["variables"].get("streamlake_secrets") == "google"
        if asked and not (isinstance(google, dict) and google.get("project")):
            todo = "Set streamlake_google: {project: …}, or use Terraform's inventory."
            found.append(failure(name, "secrets", "streamlake_secrets is google, and no project is named", todo))
    return found


def variables_of(roles: Path) -> "list[str]":
    """Each variable that a role declares."""
    import yaml

    found = set()
    for spec in roles.glob("*/meta/argument_specs.yml"):
        for entry in yaml.safe_load(spec.read_text())["argument_specs"].values():
            found |= set(entry.get("options") or {})
    for defaults in roles.glob("*/defaults/main.yml"):
        found |= set(yaml.safe_load(defaults.read_text()) or {})
    return sorted(found)


def check(document: "dict[str, object]", known: "list[str]") -> "Failures":
    """All of it."""
    hosts, there = document["hosts"], document["datasets"]
    inventory = [*groups(hosts), *unknown(hosts, known), *datasets(hosts, there)]
    return [*inventory, *api(hosts), *settings(hosts), *secrets(hosts)]


if __name__ == "__main__":
    print(json.dumps({"failures": check(json.load(sys.stdin), variables_of(Path(sys.argv[1])))}))
