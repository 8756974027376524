"""What an inventory must say: each mistake is found before a host is touched, with the host and what to do."""

import json
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.support.host_programs import ROLES, program

plan = program("preflight", "plan_checks")
THERE = ["clicks", "orders"]
KNOWN = ["config_api_port", "config_api_host", "kafka_port", "streamlake_consumer_datasets", "streamlake_lake_url"]
ALL = ["kafka", "api", "consumers", "postgres", "airflow"]


def one_node(**variables: Any) -> dict[str, Any]:
    return {"lake-1": {"groups": list(ALL), "variables": variables}}


def found(hosts: dict[str, Any], known: list[str] | None = None, there: list[str] | None = None) -> str:
    names = known if known is not None else [*KNOWN, *{name for host in hosts.values() for name in host["variables"]}]
    failures = plan.check({"hosts": hosts, "datasets": THERE if there is None else there}, names)
    assert all(one["host"] and one["check"] and one["detail"] and one["todo"].endswith((".", "?")) for one in failures)
    return "\n".join(f"{one['host']}: {one['detail']} -> {one['todo']}" for one in failures)


def many(**variables: Any) -> dict[str, Any]:
    hosts = {f"kafka-{n}": {"groups": ["kafka"], "variables": {}} for n in (1, 2, 3)}
    hosts |= {f"lake-{n}": {"groups": ["api", "consumers"], "variables": dict(variables)} for n in (1, 2)}
    return hosts


def test_one_node_as_it_comes_is_well() -> None:
    assert found(one_node()) == ""


def test_a_mistyped_variable_is_told_with_the_nearest_one() -> None:
    assert "lake-1: config_api_prot is not a variable of any role -> Did you mean config_api_port?" in found(
        one_node(config_api_prot=1), KNOWN
    )


@pytest.mark.parametrize("group", ["kafka", "api", "consumers"])
def test_a_group_that_is_needed(group: str) -> None:
    hosts = one_node()
    hosts["lake-1"]["groups"].remove(group)
    assert f"no host is in the group {group}" in found(hosts)


def test_a_kafka_that_stands_elsewhere_needs_no_group() -> None:
    hosts = one_node(streamlake_bootstrap_servers="kafka:9092")
    hosts["lake-1"]["groups"].remove("kafka")
    assert found(hosts) == ""


def test_half_of_the_nodes_are_no_majority() -> None:
    hosts = {"a": {"groups": list(ALL), "variables": {}}, "b": {"groups": ["kafka"], "variables": {}}}
    assert "2 hosts are in the group kafka" in found(hosts)


def test_airflow_stands_beside_its_database() -> None:
    hosts = one_node()
    hosts["lake-1"]["groups"].remove("postgres")
    assert "lake-1: is in the group airflow, but not in postgres" in found(hosts)


def test_two_hosts_do_not_land_one_dataset_each_on_its_own_disk() -> None:
    assert "lake-1 and lake-2 land clicks" in found(many())
    assert found(many(streamlake_lake_url="gs://bucket/lake")) == ""
    assert found(many(streamlake_lake_url="file:///mnt/lake", streamlake_lake_shared=True)) == ""
    apart = many()
    apart["lake-1"]["variables"]["streamlake_consumer_datasets"] = ["clicks"]
    apart["lake-2"]["variables"]["streamlake_consumer_datasets"] = ["orders"]
    assert found(apart) == ""


def test_every_dataset_is_landed_and_none_that_is_not_there() -> None:
    said = found(one_node(streamlake_consumer_datasets=["oders"]))
    assert "oders has no contract -> Did you mean orders?" in said
    assert "no host lands clicks" in said
    assert "no host lands orders" in said


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.5", "::", "lake.example", "12.7.0.1", "127x"])
def test_keys_never_travel_in_the_clear(host: str) -> None:
    if host != "127x":
        assert "without TLS" in found(one_node(config_api_host=host))
    assert found(one_node(config_api_host=host, config_api_tls="self_signed")) == ""
    assert found(one_node(config_api_host=host, config_api_behind_tls_proxy=True)) == ""
    assert found(one_node(config_api_host="127.0.0.1")) == ""


def test_a_certificate_must_belong_to_its_key(tmp_path: Path) -> None:
    for name in ("a", "b"):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-subj", "/CN=x", "-keyout", f"{name}.key", "-out", f"{name}.crt"],
            cwd=tmp_path, check=True, capture_output=True,
        )  # fmt: skip

    def with_files(cert: str, key: str) -> str:
        files = {"config_api_tls_cert_file": str(tmp_path / cert), "config_api_tls_key_file": str(tmp_path / key)}
        return found(one_node(config_api_host="0.0.0.0", config_api_tls="files", **files))

    assert with_files("a.crt", "a.key") == ""
    assert "cannot be used" in with_files("a.crt", "b.key")
    assert "cannot be used" in with_files("none.crt", "a.key")
    assert "the files are not named" in found(one_node(config_api_tls="files"))


def test_hosts_that_serve_together_share_their_keys(tmp_path: Path) -> None:
    shared = {"streamlake_lake_url": "gs://b/l", "config_api_host": "0.0.0.0", "config_api_tls": "self_signed"}
    assert "keys of its own" in found(many(**shared))
    (tmp_path / "keys.json").write_text("{}")
    assert found(many(**shared, config_api_keys_file=str(tmp_path / "keys.json"))) == ""
    assert "there is no" in found(many(**shared, config_api_keys_file=str(tmp_path / "none.json")))


@pytest.mark.parametrize("value", [{"a": 1}, ["x"], None, "two\nlines", 'a"b', "a#b", " x", "a\\b"])
def test_a_setting_is_one_plain_word(value: object) -> None:
    assert "config_settings: STREAMLAKE_X" in found(one_node(config_settings={"STREAMLAKE_X": value}))
    assert found(one_node(config_settings={"STREAMLAKE_X": 10})) == ""


def test_secrets_of_google_need_a_project() -> None:
    assert "no project is named" in found(one_node(streamlake_secrets="google"))
    assert found(one_node(streamlake_secrets="google", streamlake_google={"project": "p"})) == ""
    assert found(one_node(streamlake_secrets="host")) == ""


def test_all_mistakes_are_told_at_once() -> None:
    hosts = many(config_api_host="0.0.0.0", config_setings=1)
    hosts["lake-3"] = deepcopy(hosts["lake-2"])
    said = found(hosts, KNOWN)
    assert said.count("without TLS") == 3
    assert said.count("config_setings") == 3


def test_what_each_role_declares_is_known() -> None:
    """As the play runs it, with the roles of the repository."""
    document = {"hosts": one_node(config_api_port=8081, release_keep=4, nonsense_there=1), "datasets": THERE}
    command = [sys.executable, str(ROLES / "preflight" / "files" / "plan_checks.py"), str(ROLES)]
    done = subprocess.run(command, input=json.dumps(document), capture_output=True, text=True, timeout=30, check=True)
    assert [one["detail"] for one in json.loads(done.stdout)["failures"]] == [
        "nonsense_there is not a variable of any role"
    ]
