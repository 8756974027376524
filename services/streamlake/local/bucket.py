"""A bucket on this machine: as much of Google's JSON API for Cloud Storage as a lake needs, over any of our stores.

For `scripts/up --lake gs` and for tests. It grants what a lake's account should have, and no more: to create, get and
list objects. Nothing can be replaced or deleted, so what would need that is refused with a 403, as the real one does.
"""

import base64
import bisect
import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import google_crc32c
import msgspec

from streamlake.local.bucket_calls import Call, Reply, failure, parse_multipart, requested_range
from streamlake.storage.errors import WrongName
from streamlake.storage.store import ObjectStore

PAGE: Final = 1000
_FIRST_GENERATION: Final = 1_700_000_000_000_000


@dataclass(slots=True)
class Bucket:
    """The objects of one bucket. Safe from several threads."""

    name: str
    store: ObjectStore
    names: list[str] = field(default_factory=list)
    about: dict[str, dict[str, str]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.names = list(self.store.list_from(""))

    def has(self, name: str) -> bool:
        """Whether there is such an object."""
        at = bisect.bisect_left(self.names, name)
        return at < len(self.names) and self.names[at] == name

    def read(self, name: str) -> bytes | None:
        """Its bytes; also a name that no lake would use only has none."""
        try:
            return self.store.read(name)
        except WrongName:
            return None

    def describe(self, name: str, body: bytes | None = None) -> dict[str, str]:
        """What the API says of an object that is there."""
        if name not in self.about:
            content = (self.store.read(name) or b"") if body is None else body
            self.about[name] = {
                "kind": "storage#object",
                "bucket": self.name,
                "name": name,
                "size": str(len(content)),
                "crc32c": crc32c(content),
                "md5Hash": md5(content),
                "generation": str(_FIRST_GENERATION + len(self.about)),
                "metageneration": "1",
                "storageClass": "STANDARD",
            }
        return self.about[name]

    def create(self, name: str, body: bytes) -> bool:
        """Whether this call made it."""
        with self.lock:
            if self.has(name) or not self.store.create(name, [body]):
                return False
            self.describe(name, body)
            bisect.insort(self.names, name)
            return True


class BucketApi:
    """Answers calls. Pure but for the store that it keeps the objects in."""

    def __init__(self, buckets: Mapping[str, ObjectStore]) -> None:
        self.buckets = {name: Bucket(name, store) for name, store in buckets.items()}
        self._routes: Mapping[tuple[str, str], Callable[[Bucket, Call], Reply]] = {
            ("create", "POST"): self._create,
            ("list", "GET"): self._list,
            ("stat", "GET"): self._stat,
            ("read", "GET"): self._read,
        }

    def perform(self, call: Call) -> Reply:
        """The answer to a call."""
        if call.kind == "ping":
            return Reply(200)
        bucket = self.buckets.get(call.bucket)
        route = self._routes.get((call.kind, call.method))
        if bucket is None:
            return failure(404, "notFound", "The specified bucket does not exist.")
        if route is None:
            return failure(
                403, "forbidden", f"This account may not {call.method} {call.kind or 'that'} in {call.bucket}."
            )
        return route(bucket, call)

    def _create(self, bucket: Bucket, call: Call) -> Reply:
        how = call.query.get("uploadType")
        if how == "multipart":
            found = parse_multipart(call.headers.get("content-type", ""), call.body)
            if found is None:
                return failure(400, "badRequest", "The body is no multipart/related with a document and an object.")
            about, content = found
        elif how == "media":
            about, content = {}, call.body
        else:
            return failure(501, "notImplemented", "Only multipart and media uploads are known here.")
        name = str(about.get("name") or call.query.get("name", ""))
        for key, actual in (("crc32c", crc32c(content)), ("md5Hash", md5(content))):
            if about.get(key, actual) != actual:
                told = f'Provided {key.upper()} "{about[key]}" doesn\'t match calculated {key.upper()} "{actual}".'
                return failure(400, "invalid", told)
        refused = _precondition(bucket, name, call)
        if refused is not None:
            return refused
        try:
            if bucket.create(name, content):
                return document(bucket.describe(name, content))
        except WrongName as error:
            return failure(400, "invalid", error.message)
        if "ifGenerationMatch" in call.query:
            return _failed_precondition()
        return failure(403, "forbidden", f"This account does not have storage.objects.delete access to {name}.")

    def _list(self, bucket: Bucket, call: Call) -> Reply:
        query = call.query
        prefix, end = query.get("prefix", ""), query.get("endOffset", "")
        begin = max(prefix, query.get("startOffset", ""))
        if token := query.get("pageToken"):
            begin = max(begin, base64.urlsafe_b64decode(token).decode())
        most = min(int(query.get("maxResults", PAGE)), PAGE)
        with bucket.lock:
            at = bisect.bisect_left(bucket.names, begin)
            page = bucket.names[at : at + most + 1]
        page = [n for n in page if n.startswith(prefix) and not (end and n >= end)]
        names_only = query.get("fields", "").startswith(("items/name,", "items(name),"))
        items = [{"name": n} if names_only else bucket.describe(n) for n in page[:most]]
        answer: dict[str, Any] = {"kind": "storage#objects", "items": items} if items else {"kind": "storage#objects"}
        if len(page) > most:
            answer["nextPageToken"] = base64.urlsafe_b64encode(page[most].encode()).decode()
        return document(answer)

    def _stat(self, bucket: Bucket, call: Call) -> Reply:
        if not bucket.has(call.object):
            return _no_object(bucket, call, as_text=False)
        return _precondition(bucket, call.object, call) or document(bucket.describe(call.object))

    def _read(self, bucket: Bucket, call: Call) -> Reply:
        body = bucket.read(call.object) if bucket.has(call.object) else None
        if body is None:
            return _no_object(bucket, call, as_text=True)
        refused = _precondition(bucket, call.object, call)
        if refused is not None:
            return refused
        about = bucket.describe(call.object, body)
        headers = {
            "content-type": "application/octet-stream",
            "x-goog-generation": about["generation"],
            "x-goog-stored-content-length": about["size"],
            "x-goog-hash": f"crc32c={about['crc32c']},md5={about['md5Hash']}",
        }
        wanted = requested_range(call.headers.get("range", ""), len(body))
        if wanted is None:
            return Reply(200, headers, body)
        first, last = wanted
        if first >= len(body):
            return failure(416, "requestedRangeNotSatisfiable", "Request range not satisfiable")
        headers["content-range"] = f"bytes {first}-{last}/{len(body)}"
        return Reply(206, headers, body[first : last + 1])


def crc32c(content: bytes) -> str:
    """As the API writes it."""
    return base64.b64encode(google_crc32c.value(content).to_bytes(4, "big")).decode()


def md5(content: bytes) -> str:
    """As the API writes it."""
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


def document(content: Mapping[str, Any]) -> Reply:
    """A 200 with a JSON body."""
    return Reply(200, {"content-type": "application/json; charset=UTF-8"}, msgspec.json.encode(content))


def _no_object(bucket: Bucket, call: Call, *, as_text: bool) -> Reply:
    told = f"No such object: {bucket.name}/{call.object}"
    return Reply(404, {"content-type": "text/html"}, told.encode()) if as_text else failure(404, "notFound", told)


def _failed_precondition() -> Reply:
    return failure(412, "conditionNotMet", "At least one of the pre-conditions you specified did not hold.")


def _precondition(bucket: Bucket, name: str, call: Call) -> Reply | None:
    """The refusal of a call whose condition does not hold; of an object that is missing, the generation is 0."""
    generation = bucket.describe(name)["generation"] if bucket.has(name) else "0"
    if call.query.get("ifGenerationMatch", generation) != generation:
        return _failed_precondition()
    if call.query.get("ifGenerationNotMatch") == generation:
        return Reply(304) if call.method == "GET" else _failed_precondition()
    return None
