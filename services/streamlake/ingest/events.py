"""`POST /v1/datasets/{dataset}/events`: the hot path, as plain ASGI.

It stands in front of FastAPI because the framework's own body handling costs several times what all of this does
(`benchmarks/ingest.py` measures both). The steps of a request are the modules: `media` reads the headers, `guard` the
key, `body` the bytes, `splitting` takes them apart, `taking` judges and sends, `results` words the answer.
"""

import functools
import logging
import re
import time
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl, unquote_to_bytes

import msgspec

from streamlake.errors import Unknown
from streamlake.ingest import body, taking
from streamlake.ingest.admission import Admission, Share
from streamlake.ingest.catalog import Catalog, Dataset
from streamlake.ingest.counters import Counters
from streamlake.ingest.errors import Bug, LogUnavailable, Malformed, Refusal, Stopping, WrongMethod
from streamlake.ingest.guard import Guard
from streamlake.ingest.identity import Minting
from streamlake.ingest.log import Log
from streamlake.ingest.media import Declared, declared
from streamlake.ingest.results import Answer, Failure, Receipt, answer, dead_lettered, problem
from streamlake.ingest.shortcut import Scope, Send, respond, whole_body
from streamlake.ingest.splitting import Batch, split
from streamlake.logs import error_fields

_logger: Final = logging.getLogger(__name__)
_PATH: Final = re.compile(rb"/v1/datasets/([^/]*)/events")
_IDS_IN_A_LOG_LINE: Final = 20


class _Request(msgspec.Struct):
    """A request that was read to its end. `content` is gone once it was taken apart: held beside its events, large
    bodies would cost a worker half as much memory again."""

    dataset: Dataset
    producer: str
    dry_run: bool
    said: Declared
    content: bytes


class Events:
    """Takes events. Everything it uses lives as long as the worker."""

    def __init__(
        self,
        catalog: Catalog,
        guard: Guard,
        log: Log,
        minting: Minting,
        counters: Counters,
        admission: Admission,
        client_seconds: float,
    ) -> None:
        self._catalog = catalog
        self._guard = guard
        self._log = log
        self._minting = minting
        self._counters = counters
        self._admission = admission
        self._client_seconds = client_seconds
        self.stopping = False

    @staticmethod
    def dataset_in(scope: Scope) -> str | None:
        """The dataset that this request is about; None where it is another call. Read from the path as it came, so
        that `%2e%2e` and `%2F` are part of a name, and never of a path."""
        return _dataset_at(scope["raw_path"])

    async def __call__(self, scope: Scope, receive: body.Receive, send: Send, name: str) -> None:
        """Answer one request."""
        began = time.perf_counter()
        unread: body.Receive | None = receive
        with Share(self._admission) as share:
            try:
                request = await self._read(scope, receive, share, name)
                unread = None
                said = await self._take(request, share)
            except body.ClientGone:
                return
            except Refusal as refusal:
                fields = {"dataset": name[:64], "status": refusal.status}
                _logger.info("refused", extra=fields | error_fields(refusal))
                said = problem(refusal)
                if refusal.body_ended:
                    unread = None
            except Exception as bug:
                _logger.exception("a bug", extra={"dataset": name[:64], "error_id": Bug.code})
                said = problem(Bug(f"{type(bug).__name__}.", next_step="Please report it, with the API's log."))
            share.give_back()
            share.owe(len(said.body))
            self._counters.answered(said.status, time.perf_counter() - began)
            await respond(scope, send, said, unread)

    async def _read(self, scope: Scope, receive: body.Receive, share: Share, name: str) -> _Request:
        """Everything that can be refused without the body, then the body."""
        if scope["method"] != "POST":
            raise WrongMethod(f"{scope['method']} is not taken here; POST is.")
        if self.stopping:
            raise Stopping("this process is stopping.", next_step="Send it again: another one answers.")
        share.hold(0)
        headers = scope["headers"]
        self._guard.key(headers)
        dataset = self._catalog.get(name)
        producer = self._guard.producer(headers, name)
        dry_run = _dry_run(scope["query_string"])
        said = declared(headers)
        whole = whole_body(scope)
        content = await body.read(receive, said, share, self._client_seconds, whole)
        return _Request(dataset, producer, dry_run, said, content)

    async def _take(self, request: _Request, share: Share) -> Answer:
        dataset, producer = request.dataset, request.producer
        name = dataset.contract.dataset
        batch = split(request.content, request.said, name, producer, self._minting)
        request.content = b""
        share.hold(0, len(batch.values))
        judged = await taking.judge(dataset, batch)
        failures = taking.refused(dataset, batch, judged)
        second, milliseconds = divmod(time.time_ns() // 1_000_000, 1000)
        at = f"{_written_out(second)}.{milliseconds:03d}Z"
        indexes, records = taking.records(dataset, batch, judged, failures, producer, at)
        if request.dry_run:
            return answer(name, taking.would_keep(batch, indexes, judged), failures, dry_run=True)
        receipts: list[Receipt] = []
        if records:
            if not self._log.reachable:
                raise LogUnavailable("Kafka cannot be reached; nothing was sent.")
            receipts, undelivered = await taking.send(self._log, batch, indexes, records, judged)
            failures += undelivered
        self._count(name, batch, receipts, failures)
        return answer(name, receipts, failures, dry_run=False)

    def _count(self, name: str, batch: Batch, receipts: list[Receipt], failures: list[Failure]) -> None:
        if receipts:
            dead = dead_lettered(receipts)
            size = sum([len(batch.values[receipt.index]) for receipt in receipts])
            self._counters.kept(name, len(receipts) - dead, dead, size)
            if _logger.isEnabledFor(logging.DEBUG):
                first = receipts[0]
                _logger.debug(
                    "taken",
                    extra={
                        "dataset": name,
                        "topic": first.topic,
                        "events": len(receipts),
                        "ingestion_id": first.ingestion_id,
                    },
                )
        if failures:
            counters = self._counters.of(name)
            for failure in failures:
                counters.refused[failure.type] += 1
            unknown = [f.ingestion_id for f in failures if issubclass(f.kind, Unknown)]
            counters.unknown += len(unknown)
            _log_failures(name, len(batch.values), failures, unknown)


@functools.lru_cache(maxsize=64)
def _dataset_at(raw_path: bytes) -> str | None:
    match = _PATH.fullmatch(raw_path)
    return None if match is None else unquote_to_bytes(match[1]).decode("utf-8", "replace")


@functools.lru_cache(maxsize=2)
def _written_out(second: int) -> str:
    """Once for all requests of a second."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _log_failures(name: str, events: int, failures: list[Failure], unknown: list[str | None]) -> None:
    first = failures[0]
    fields: dict[str, Any] = {
        "dataset": name,
        "events": events,
        "refused": len(failures),
        "error_id": first.kind.code,
        "error": first.detail,
    }
    if unknown:
        # The one trace of an event that may be in the log though nobody got a receipt.
        fields["ingestion_id"] = unknown[:_IDS_IN_A_LOG_LINE]
        _logger.warning("outcome unknown", extra=fields)
    else:
        _logger.info("refused", extra=fields)


def _dry_run(query: bytes) -> bool:
    if not query:
        return False
    found = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    for key, value in found:
        if key != "dry_run":
            raise Malformed(f"query {key[:64]!r} is not known; dry_run is.")
        if value not in ("true", "false"):
            raise Malformed(f"query dry_run: {value[:64]!r} is neither true nor false.")
    if len(found) > 1:
        raise Malformed("query dry_run: it stands twice.")
    return bool(found) and found[0][1] == "true"
