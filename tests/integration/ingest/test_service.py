"""The service around the events: metrics, health, keys and TLS."""

import json
import os
import signal
import socket
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from streamlake import vitals
from streamlake.kafka.names import raw_topic
from tests.integration.ingest.conftest import MakeApi, MakeDataset
from tests.support.api import ApiUnderTest, array, event, read_all
from tests.support.broker import BrokerUnderTest, until

pytestmark = pytest.mark.broker


def metrics(api: ApiUnderTest) -> dict[str, Any]:
    found: dict[str, Any] = api.ask("GET", "/metrics", headers={"Accept": "application/json"}).json
    return found


def series(api: ApiUnderTest) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    said = api.ask("GET", "/metrics", headers={"Accept": "text/plain;version=0.0.4"})
    assert said.headers["content-type"].startswith("text/plain")
    families = text_string_to_metric_families(said.body.decode())
    return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}


def test_metrics_have_the_seeds_fields_and_count_what_was_acknowledged(
    api: ApiUnderTest, new: MakeDataset, dataset: str
) -> None:
    kept = new(on_invalid="dead_letter")
    api.post(dataset, array(event(1), event(2), b"{}"))
    api.post(kept, array(event(1), b"{}"))
    said = metrics(api)
    for entry in (said, *said["datasets"]):
        assert list(entry)[:6] == ["pipeline", "phase", "timestamp", "records_ingested", "lag_seconds", "last_commit"]
    by_name = {entry["pipeline"]: entry for entry in said["datasets"]}
    assert (by_name[dataset]["records_ingested"], by_name[dataset]["records_refused"]) == (2, 1)
    assert (by_name[kept]["records_accepted"], by_name[kept]["records_dead_lettered"]) == (1, 1)
    labels = frozenset({("dataset", dataset), ("process", "streamlake-api")})
    assert series(api)["streamlake_events_accepted_total", labels] == 2


def test_a_consumers_lag_and_commit_are_in_the_metrics(api: ApiUnderTest, dataset: str) -> None:
    document = {
        "process": f"consumer-{dataset}",
        "pid": 1,
        "kind": "consumer",
        "dataset": dataset,
        "state": "running",
        "waiting_for": None,
        "partitions": [
            {"topic": raw_topic(dataset), "partition": 0, "head": 5, "lag_records": 3, "lag_seconds": 1.5},
            {"topic": raw_topic(dataset), "partition": 1, "head": 9, "lag_records": 0, "lag_seconds": 0.0},
        ],
        "counters": {"records_landed": 14},
        "last_commit": "2026-11-21T07:00:00.000Z",
    }
    stop = vitals.serve(api.state_dir, f"consumer-{dataset}", lambda: document)
    try:
        (entry,) = [entry for entry in metrics(api)["datasets"] if entry["pipeline"] == dataset]
        assert (entry["lag_seconds"], entry["lag_records"], entry["records_landed"]) == (1.5, 3, 14)
        assert entry["last_commit"] == "2026-11-21T07:00:00.000Z"
        assert any(name == "streamlake_lag_records" and value == 3 for (name, _), value in series(api).items())
    finally:
        stop()


def test_several_workers_count_together(make_api: MakeApi, broker: BrokerUnderTest) -> None:
    api = make_api(api_workers="2")
    broker.create_topic(raw_topic("two"), 1)
    api.contract("two")
    api.start()
    until(lambda: len(vitals.gather(api.state_dir)) == 2)
    for number in range(40):
        assert api.post("two", event(number)).status == 202
    for _ in range(5):
        assert metrics(api)["records_ingested"] == 40
    per_worker = [value for (name, _), value in series(api).items() if name == "streamlake_events_accepted_total"]
    assert sum(per_worker) == 40
    os.kill(api.workers()[0], signal.SIGKILL)
    until(lambda: len(vitals.gather(api.state_dir)) == 2)
    assert {document["process"] for document in vitals.gather(api.state_dir)} == {"streamlake-api", "streamlake-api.2"}
    assert api.post("two", event(99)).status == 202


def test_health_and_description(api: ApiUnderTest, dataset: str) -> None:
    assert api.ask("GET", "/livez").json == {"status": "ok"}
    assert api.ask("GET", "/readyz").json == {"status": "ready"}
    said = api.ask("GET", "/openapi.json").json
    assert "post" in said["paths"]["/v1/datasets/{dataset}/events"]
    assert {"/livez", "/readyz", "/metrics", "/v1/datasets", "/v1/datasets/{dataset}"} <= set(said["paths"])
    assert dataset in [entry["dataset"] for entry in api.ask("GET", "/v1/datasets").json["datasets"]]
    detail = api.ask("GET", f"/v1/datasets/{dataset}").json
    assert detail["key"] == ["id"]
    assert {field["name"]: field["type"] for field in detail["fields"]}["f"] == "number"
    assert detail["limits"]["max_events"] == 10_000
    assert api.ask("GET", f"/v1/datasets/{dataset}/events").headers["allow"] == "POST"


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def test_keys_from_new_to_revoked(make_api: MakeApi, broker: BrokerUnderTest) -> None:
    api = make_api()
    for name in ("mine", "other"):
        broker.create_topic(raw_topic(f"keys_{name}"), 1)
        api.contract(f"keys_{name}")
    api.start()
    assert api.post("keys_mine", event(0)).status == 202  # on loopback and without keys, anybody writes

    made = api.command("keys", "new", "checkout", "--datasets", "keys_mine", "--json")
    assert made.returncode == 0, made.stderr
    secret = json.loads(made.stdout)["secret"]
    file = api.home / "keys.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert secret not in file.read_text()
    until(lambda: api.post("keys_mine", event(1)).status == 401)
    assert api.post("keys_mine", event(1)).headers["www-authenticate"] == "Bearer"
    for wrong in ("Bearer nonsense", "Basic eDp5", "Bearer ", f"Bearer {secret}x"):
        assert api.post("keys_mine", event(1), Authorization=wrong).status == 401
    assert api.post("keys_mine", event(1), **bearer(secret)).status == 202
    assert api.post("keys_other", event(1), **bearer(secret)).status == 403
    assert api.post("nosuch", event(1), **bearer(secret)).status == 404
    assert api.post("nosuch", event(1)).status == 401  # strangers are not told what there is
    message = broker.read(raw_topic("keys_mine"))[-1]
    headers: Any = message.headers()
    assert json.loads(dict(headers)["streamlake"])["producer"] == "checkout"

    (listed,) = json.loads(api.command("keys", "list", "--json").stdout)["keys"]
    assert (listed["producer"], listed["datasets"], listed["revoked_at"]) == ("checkout", ["keys_mine"], None)
    file_before = file.read_text()
    file.write_text("{")  # a broken edit: the last good keys stay in force
    until(lambda: any(line.get("error_id") == "SL-0520" for line in api.logged()))
    assert api.post("keys_mine", event(2), **bearer(secret)).status == 202
    file.write_text(file_before)
    assert api.command("keys", "revoke", listed["id"]).returncode == 0
    until(lambda: api.post("keys_mine", event(1), **bearer(secret)).status == 401)
    assert api.command("keys", "revoke", "nosuch").returncode == 2
    assert api.command("keys", "new", "x", "--datasets", "nosuch").returncode == 2
    assert api.command("keys", "new", "../x", "--datasets", "all").returncode == 2


def test_behind_a_proxy_everything_but_health_needs_a_key(make_api: MakeApi) -> None:
    api = make_api(api_host="0.0.0.0", api_behind_tls_proxy="true")
    secret = json.loads(api.command("keys", "new", "checkout", "--datasets", "all", "--json").stdout)["secret"]
    api.start()
    assert api.get_status("/livez") == 200
    for path in ("/metrics", "/v1/datasets", "/v1/datasets/first"):
        assert api.ask("GET", path).status == 401
        assert api.ask("GET", path, headers=bearer(secret)).status == 200


def test_tls(make_api: MakeApi, tmp_path: Path) -> None:
    """Off loopback: an agent of this host reads the metrics without a key, and nothing else."""
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    argv = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    argv += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)]
    subprocess.run(argv, check=True, capture_output=True)
    api = make_api(api_tls_cert=str(cert), api_tls_key=str(key), api_host="0.0.0.0")
    assert api.command("keys", "new", "checkout", "--datasets", "all").returncode == 0
    api.start_without_waiting()
    trust = ssl.create_default_context(cafile=str(cert))

    def status(path: str) -> bytes:
        try:
            with (
                socket.create_connection(("127.0.0.1", api.port), timeout=5) as plain,
                trust.wrap_socket(plain, server_hostname="127.0.0.1") as connection,
            ):
                connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
                return read_all(connection, 5)[9:12]
        except OSError:
            return b""

    until(lambda: status("/livez") == b"200", 30)
    assert status("/metrics") == b"200"
    assert status("/v1/datasets") == b"401"
    wrong = make_api(api_tls_cert=str(cert), api_tls_key=str(cert)).command("serve", "api")
    assert (wrong.returncode, "SL-0523" in wrong.stderr) == (2, True)
