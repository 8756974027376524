"""An event that is sent to be followed: receipt, claim, part, line, each hop timed."""

import json
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any, TypeVar

import httpx

from streamlake import vitals
from streamlake.cli.checks import Check, Failed, check
from streamlake.cli.elsewhere import held_elsewhere
from streamlake.cli.snapshot import log_ends
from streamlake.contract.model import Contract
from streamlake.kafka.admin import Admin
from streamlake.kafka.client_file import security_of
from streamlake.kafka.names import raw_topic
from streamlake.local import datasets, readiness
from streamlake.registry.files import FileRegistry
from streamlake.settings import Settings
from streamlake.storage import layout
from streamlake.storage.claim import Claim, decode_claim
from streamlake.storage.open import open_store
from streamlake.storage.part_content import unpacked

T = TypeVar("T")
MARK = "streamlake.canary"


def follow(settings: Settings, dataset: str, api_key: str, timeout: float, *, healthy: bool) -> list[Check]:
    """The hops of one event, up to the first that fails. Sends nothing where something is known to be wrong."""
    hops = ("accepted", "claimed", "landed", "line")
    if not healthy:
        return [Check(name, "skipped", "needs the checks above") for name in hops]
    chase = _Chase(settings, dataset, api_key, timeout)
    results: list[Check] = []
    for name, hop in zip(hops, (chase.send, chase.claim, chase.part, chase.line), strict=True):
        broken = any(c.status != "ok" for c in results)
        results.append(Check(name, "skipped", f"needs {results[-1].name}") if broken else check(name, hop))
    return results


class _Chase:
    def __init__(self, settings: Settings, dataset: str, api_key: str, timeout: float) -> None:
        self._settings = settings
        self._dataset = dataset
        self._key = api_key
        self._timeout = timeout
        self._store = open_store(settings.lake_url)
        self._id = f"canary-{uuid.uuid4()}"
        self._payload = b""
        self._receipt: dict[str, Any] = {}
        self._claim: Claim | None = None
        self._heads: dict[int, tuple[layout.Chain, int]] = {}

    def send(self) -> str:
        contract = self._contract()
        example = datasets.first_event(self._settings.contracts_dir, contract.dataset)
        if example is None:
            raise Failed(f"{contract.dataset} has no example in examples/ok to send", "streamlake doctor --dataset …")
        self._dataset, self._payload = contract.dataset, example.read_bytes()
        self._note_heads()
        headers = {
            "Content-Type": "application/json",
            "ce-specversion": "1.0",
            "ce-id": self._id,
            "ce-source": "streamlake/doctor",
            "ce-type": MARK,
        }
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        url = f"{readiness.api_url(self._settings)}/v1/datasets/{self._dataset}/events"
        try:
            # Our own API on our own machine: its certificate names another host.
            answer = httpx.post(url, content=self._payload, headers=headers, timeout=15, verify=False)  # noqa: S501
        except httpx.HTTPError as error:
            raise Failed(f"{url}: {error}", "streamlake status") from error
        if answer.status_code in (401, 403):
            raise Failed("the API asks for a key", "streamlake doctor --end-to-end --api-key …")
        receipts = answer.json().get("receipts") or []
        if answer.status_code != 202 or receipts[0]["status"] != "accepted":
            raise Failed(f"the API answered {answer.status_code}: {answer.text[:300]}", "streamlake status")
        self._receipt = receipts[0]
        return "{topic}/{partition}/{offset}".format(**self._receipt)

    def claim(self) -> str:
        self._claim = self._await(self._find, "no claim covers it")
        return f"offsets {self._claim.start} to {self._claim.next}"

    def part(self) -> str:
        name = self._claim.part if self._claim else None
        if name is None:
            raise Failed("the claim has no part", f"streamlake audit {self._dataset}")
        self._await(lambda: self._store.size(name), f"{name} is not there")
        return name

    def line(self) -> str:
        data = b"".join(unpacked(self._store, (self._claim and self._claim.part) or ""))
        for text in data.splitlines():
            line = json.loads(text)
            if line["kafka_offset"] == self._receipt["offset"]:
                sent = self._payload.replace(b"\r", b" ").replace(b"\n", b" ").strip()
                if sent not in text:
                    raise Failed(
                        "its line holds other bytes than were sent", f"streamlake audit {self._dataset} --deep"
                    )
                return "the bytes that were sent"
        raise Failed("the part has no line for it", f"streamlake audit {self._dataset} --deep")

    def _contract(self) -> Contract:
        registry = FileRegistry(self._settings.contracts_dir, dataset=self._dataset or None)
        if self._dataset:
            return registry.current(self._dataset)
        folder = self._settings.contracts_dir
        able = [name for name in registry.datasets() if datasets.first_event(folder, name)]
        if not able:
            raise Failed("no contract has an example in examples/ok to send", "streamlake contracts check")
        return registry.current("orders" if "orders" in able else able[0])

    def _note_heads(self) -> None:
        """Where each chain ended before the event was sent: its claim cannot begin earlier, so little is listed.

        The event may come to a partition that a consumer of another host holds.
        """
        admin = Admin(self._settings.bootstrap_servers, security=security_of(self._settings))
        here = [d for d in vitals.gather(self._settings.state_dir) if d.get("dataset") == self._dataset]
        others = held_elsewhere(admin, self._store, self._dataset, log_ends(admin, self._dataset), here)
        for state in (*(state for document in here for state in document.get("partitions") or []), *others):
            if state["topic"] == raw_topic(self._dataset) and state["chain"]:
                self._heads[state["partition"]] = (layout.Chain.parse(state["chain"]), state["head"] or 0)

    def _find(self) -> Claim | None:
        partition, offset = self._receipt["partition"], self._receipt["offset"]
        if partition not in self._heads:
            raise Failed(f"no consumer reads partition {partition}", f"streamlake status {self._dataset}")
        chain, head = self._heads[partition]
        prefix = layout.partition_prefix(self._dataset, chain, partition)
        for name in self._store.list_from(prefix, layout.claim(self._dataset, chain, partition, head)):
            if layout.parse_claim(name) is not None and (data := self._store.read(name)) is not None:
                claim = decode_claim(name, data)
                if claim.start <= offset < claim.next:
                    return claim
        return None

    def _await(self, look: Callable[[], T | None], what: str) -> T:
        deadline = time.monotonic() + self._timeout
        while (found := look()) is None:
            if time.monotonic() >= deadline:
                raise Failed(f"{what} after {self._timeout:.0f} s", f"streamlake status {self._dataset}")
            threading.Event().wait(0.02)
        return found
