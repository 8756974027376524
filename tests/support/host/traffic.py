"""Events at a steady rate, sent from inside a host, and what became of them: every receipt must be found in the lake.

The sender is a program of the standard library, carried into the host. An event that was not accepted is sent again
with the same key until it is, as a producer does; what cannot be sent again is counted as failed.
"""

import json
import shlex
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.oracle.parts import unpacked
from tests.support.broker import until
from tests.support.host.machine import Host

_SENDER = r"""
import json, pathlib, ssl, sys, time, urllib.error, urllib.request
url, dataset, prefix, rate, seconds, folder, token, ca = sys.argv[1:9]
trust = ssl.create_default_context(cafile=ca) if ca else None
out, stop = pathlib.Path(folder, prefix + ".accepted"), pathlib.Path(folder, prefix + ".stop")
end = time.monotonic() + float(seconds)
number = retries = failed = 0
with out.open("w") as accepted:
    while time.monotonic() < end and not stop.exists():
        name = "%s-%06d" % (prefix, number)
        number += 1
        event = {"order_id": name, "customer_id": "c-1", "status": "placed", "quantity": 1, "amount": 1.5,
                 "currency": "EUR", "ordered_at": "2026-11-21T09:30:00Z"}
        headers = {"Content-Type": "application/json", "Idempotency-Key": name}
        if token:
            headers["Authorization"] = "Bearer " + token
        where = url + "/v1/datasets/" + dataset + "/events"
        request = urllib.request.Request(where, json.dumps(event).encode(), headers)
        until = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(request, timeout=20, context=trust) as answer:
                    assert answer.status == 202, answer.status
                accepted.write(name + "\n"); accepted.flush()
                break
            except (OSError, AssertionError) as error:
                code = getattr(error, "code", 503)
                if code < 500 and code != 429 or time.monotonic() > until:
                    failed += 1
                    print("failed", name, error, file=sys.stderr)
                    break
                retries += 1
                time.sleep(0.1)
        time.sleep(1 / float(rate))
print(json.dumps({"sent": number, "retries": retries, "failed": failed}))
"""
_FOLDER = "/run/traffic"


@dataclass(frozen=True)
class Sent:
    """What a sender did."""

    sent: int
    retries: int
    failed: int
    accepted: frozenset[str]


class Traffic:
    """A sender that runs on a host until `stop`, or until its time is up."""

    def __init__(
        self,
        host: Host,
        prefix: str,
        *,
        url: str = "http://127.0.0.1:8080",
        rate: int = 20,
        token: str = "",
        ca: str = "",
        seconds: int = 600,
    ) -> None:
        self.host, self.prefix, self.unit = host, prefix, f"traffic-{prefix}"
        host.run(f"mkdir -p {_FOLDER} && cat > {_FOLDER}/sender.py", stdin=_SENDER)
        words = [url, "orders", prefix, str(rate), str(seconds), _FOLDER, token, ca]
        host.run(
            f"systemd-run -q --collect --unit={self.unit} -p StandardOutput=truncate:{_FOLDER}/{prefix}.json "
            f"-p StandardError=truncate:{_FOLDER}/{prefix}.err python3 {_FOLDER}/sender.py {shlex.join(words)}"
        )
        until(self.accepted, 60)

    def accepted(self) -> frozenset[str]:
        """The events that have a receipt by now."""
        return frozenset(self.host.attempt(f"cat {_FOLDER}/{self.prefix}.accepted").stdout.split())

    def _said(self) -> str:
        return self.host.attempt(f"cat {_FOLDER}/{self.prefix}.json").stdout

    def stop(self) -> Sent:
        """End it, and tell what it did."""
        self.host.run(f"touch {_FOLDER}/{self.prefix}.stop")
        until(lambda: self._said() != "", 90)
        said = json.loads(self._said())
        return Sent(**said, accepted=self.accepted())


def lines(lake: Path, dataset: str = "orders") -> Counter[str]:
    """How often each order stands in the raw zone, read from outside without anything of ours."""
    found: Counter[str] = Counter()
    for part in sorted((lake / "raw" / f"dataset={dataset}").glob("ingestion_date=*/part-*")):
        found.update(json.loads(line)["payload"].get("order_id", "") for line in lines_of(part))
    return found


def lines_of(part: Path) -> list[bytes]:
    """The lines of one part."""
    return unpacked(part.name, part.read_bytes()).splitlines()
