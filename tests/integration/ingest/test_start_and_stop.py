"""How the service starts, how it stops, and what becomes of its workers."""

import json
import os
import signal
import socket
import threading
import time
from pathlib import Path

import pytest

from streamlake import vitals
from streamlake.kafka.names import raw_topic
from tests.integration.ingest.conftest import MakeApi
from tests.support.api import Said, event, read_all
from tests.support.broker import BrokerUnderTest, free_port, until

pytestmark = pytest.mark.broker


def test_off_loopback_it_refuses_to_start_unsafely(make_api: MakeApi) -> None:
    api = make_api(api_host="0.0.0.0")
    started = api.command("serve", "api")
    assert (started.returncode, "SL-0521" in started.stderr) == (4, True)
    assert api.command("keys", "new", "checkout", "--datasets", "all").returncode == 0
    started = api.command("serve", "api")
    assert (started.returncode, "SL-0521" in started.stderr) == (4, True)
    assert "TLS" in started.stderr


def test_a_wrong_start_is_one_message_and_an_exit_code(make_api: MakeApi) -> None:
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


def test_a_stop_answers_what_is_there_and_takes_nothing_new(make_api: MakeApi, broker: BrokerUnderTest) -> None:
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


def test_under_load_a_stop_loses_no_acknowledged_event(make_api: MakeApi, broker: BrokerUnderTest) -> None:
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


def test_a_killed_master_takes_its_workers_with_it(make_api: MakeApi) -> None:
    """An orphan would hold the port against the process that is started in its place."""
    api = make_api()
    api.start()
    (worker,) = api.workers()
    assert api.process is not None
    api.process.kill()
    api.process.wait(10)
    until(lambda: not Path(f"/proc/{worker}").exists() or Path(f"/proc/{worker}/stat").read_text().split()[2] == "Z")
    api.start()


def test_a_reload_starts_new_workers_and_refuses_nobody(make_api: MakeApi, broker: BrokerUnderTest) -> None:
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
