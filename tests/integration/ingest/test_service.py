"""The service around the events: keys, TLS, metrics, health, how it starts and how it stops."""

import json
import os
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from streamlake import vitals
from streamlake.kafka.names import raw_topic
from tests.integration.ingest.conftest import MakeDataset
from tests.support.api import ApiUnderTest, Said, array, event, read_all
from tests.support.broker import BrokerUnderTest, free_port, until

pytestmark = pytest.mark.broker


@pytest.fixture
def make_api(broker: BrokerUnderTest, tmp_path: Path) -> Iterator[Callable[..., ApiUnderTest]]:
    """Makes APIs of the test's own, not started yet."""
    made: list[ApiUnderTest] = []

    def make(**settings: str) -> ApiUnderTest:
        made.append(ApiUnderTest(tmp_path / f"api{len(made)}", broker.bootstrap, **settings))
        made[-1].contract("first")
        return made[-1]

    yield make
    for api in made:
        if api.process is not None:
            api.kill()


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


def test_several_workers_count_together(make_api: Callable[..., ApiUnderTest], broker: BrokerUnderTest) -> None:
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


def test_keys_from_new_to_revoked(make_api: Callable[..., ApiUnderTest], broker: BrokerUnderTest) -> None:
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


def test_off_loopback_it_refuses_to_start_unsafely(make_api: Callable[..., ApiUnderTest]) -> None:
    api = make_api(api_host="0.0.0.0")
    started = api.command("serve", "api")
    assert (started.returncode, "SL-0521" in started.stderr) == (4, True)
    assert api.command("keys", "new", "checkout", "--datasets", "all").returncode == 0
    started = api.command("serve", "api")
    assert (started.returncode, "SL-0521" in started.stderr) == (4, True)
    assert "TLS" in started.stderr


def test_behind_a_proxy_everything_but_health_needs_a_key(make_api: Callable[..., ApiUnderTest]) -> None:
    api = make_api(api_host="0.0.0.0", api_behind_tls_proxy="true")
    secret = json.loads(api.command("keys", "new", "checkout", "--datasets", "all", "--json").stdout)["secret"]
    api.start()
    assert api.get_status("/livez") == 200
    for path in ("/metrics", "/v1/datasets", "/v1/datasets/first"):
        assert api.ask("GET", path).status == 401
        assert api.ask("GET", path, headers=bearer(secret)).status == 200


def test_tls(make_api: Callable[..., ApiUnderTest], tmp_path: Path) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    argv = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    argv += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)]
    subprocess.run(argv, check=True, capture_output=True)
    api = make_api(api_tls_cert=str(cert), api_tls_key=str(key))
    api.start_without_waiting()
    trust = ssl.create_default_context(cafile=str(cert))

    def alive() -> bool:
        try:
            with (
                socket.create_connection(("127.0.0.1", api.port), timeout=5) as plain,
                trust.wrap_socket(plain, server_hostname="127.0.0.1") as connection,
            ):
                connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                return read_all(connection, 5).startswith(b"HTTP/1.1 200")
        except OSError:
            return False

    until(alive, 30)
    wrong = make_api(api_tls_cert=str(cert), api_tls_key=str(cert)).command("serve", "api")
    assert (wrong.returncode, "SL-0523" in wrong.stderr) == (2, True)


def test_a_wrong_start_is_one_message_and_an_exit_code(make_api: Callable[..., ApiUnderTest]) -> None:
    with socket.create_server(("127.0.0.1", free_port())) as taken:
        api = make_api()
        api.environment["STREAMLAKE_API_PORT"] = str(taken.getsockname()[1])
        started = api.command("serve", "api")
        assert (started.returncode, "SL-0522" in started.stderr) == (2, True)
    unknown = make_api()
    unknown.environment["STREAMLAKE_API_PROT"] = "1"
    assert (unknown.command("serve", "api").returncode) == 2
    broken = make_api()
    (broken.contracts / "first" / "contract.yaml").write_text("version: [")
    started = broken.command("serve", "api")
    assert (started.returncode, "SL-0101" in started.stderr) == (2, True)
    assert "Traceback" not in started.stderr


def test_a_stop_answers_what_is_there_and_takes_nothing_new(
    make_api: Callable[..., ApiUnderTest], broker: BrokerUnderTest
) -> None:
    api = make_api()
    broker.create_topic(raw_topic("stopping"), 1)
    api.contract("stopping")
    api.start()
    body = event(1)
    head = "POST /v1/datasets/stopping/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    with socket.create_connection(("127.0.0.1", api.port), timeout=10) as slow:
        slow.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:10])
        time.sleep(0.2)  # not waited for anything: the head is to be there before the signal
        assert api.process is not None
        api.process.terminate()
        until(lambda: api.get_status("/readyz") == 503)
        refused = api.post("stopping", event(2))
        assert (refused.status, "retry-after" in refused.headers) == (503, True)
        slow.sendall(body[10:])
        assert read_all(slow, 10).startswith(b"HTTP/1.1 202")
    assert api.process.wait(20) == 0
    assert [message.value() for message in broker.read(raw_topic("stopping"))] == [body]
    assert vitals.gather(api.state_dir) == []


def test_under_load_a_stop_loses_no_acknowledged_event(
    make_api: Callable[..., ApiUnderTest], broker: BrokerUnderTest
) -> None:
    api = make_api(api_workers="2")
    broker.create_topic(raw_topic("loaded"), 3)
    api.contract("loaded")
    api.start()
    answers: list[tuple[int, Said | None]] = []

    def produce(worker: int) -> None:
        for number in range(worker * 100_000, worker * 100_000 + 100_000):
            try:
                said = api.post("loaded", event(number))
            except OSError:
                return
            answers.append((number, said))

    threads = [threading.Thread(target=produce, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    until(lambda: len(answers) > 200)
    assert api.stop() == 0
    for thread in threads:
        thread.join(20)
    acknowledged = {number for number, said in answers if said is not None and said.status == 202}
    assert {said.status for _, said in answers if said is not None} <= {202, 503}
    found = {json.loads(message.value() or b"")["n"] for message in broker.read(raw_topic("loaded"))}
    assert acknowledged <= found


def test_a_killed_master_takes_its_workers_with_it(make_api: Callable[..., ApiUnderTest]) -> None:
    """An orphan would hold the port against the process that is started in its place."""
    api = make_api()
    api.start()
    (worker,) = api.workers()
    assert api.process is not None
    api.process.kill()
    api.process.wait(10)
    until(lambda: not Path(f"/proc/{worker}").exists() or Path(f"/proc/{worker}/stat").read_text().split()[2] == "Z")
    api.start()


def test_a_reload_starts_new_workers_and_refuses_nobody(
    make_api: Callable[..., ApiUnderTest], broker: BrokerUnderTest
) -> None:
    api = make_api()
    broker.create_topic(raw_topic("reloaded"), 1)
    api.contract("reloaded")
    api.start()
    before = api.workers()
    os.kill(api.pid, signal.SIGHUP)
    number = 0

    def another_worker() -> bool:
        nonlocal number
        number += 1
        assert api.post("reloaded", event(number)).status in (202, 503)
        return bool(api.workers()) and set(before).isdisjoint(api.workers())

    until(another_worker, 30)
    assert api.post("reloaded", event(0)).status == 202
    assert [document["pid"] for document in vitals.gather(api.state_dir)] == api.workers()
