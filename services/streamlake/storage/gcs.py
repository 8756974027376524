"""The lake in a bucket of Google Cloud Storage: an object an object, created only if its name is free.

`ifGenerationMatch=0` is all the fence that landing needs. Needed permissions are storage.objects.create, get and list:
nothing is replaced or deleted, and the bucket itself is never asked for. An answer that was lost is resolved by making
the same request again and, where the object is then there, by comparing it with what was sent.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from streamlake.errors import Permanent, Retryable
from streamlake.storage.errors import AnswerLost, StoreCorrupted, StoreDenied, StoreTrouble, WrongName
from streamlake.storage.gcs_answers import LISTING, STORED, Page, Stored, announced_crc32c, cut, decode
from streamlake.storage.gcs_errors import NoAnswer, from_status, said
from streamlake.storage.gcs_http import Answer, Api
from streamlake.storage.gcs_patience import Limits, patiently
from streamlake.storage.gcs_upload import Multipart, crc32c
from streamlake.storage.names import MAX_NAME, check_name, check_prefix

PAGE: Final = 1000
"""Names in one answer to a listing: the most that the API gives."""
_CORRUPTED_READS: Final = 3


@dataclass(slots=True)
class _Sending:
    """One create over all its attempts. `lost`: an attempt was not answered, so it may have made the object."""

    name: str
    body: Multipart
    lost: bool = False

    def is_what(self, stored: Stored) -> bool:
        """Whether the object that is there has the bytes that were sent."""
        return (stored.crc32c, int(stored.size)) == (self.body.crc32c, self.body.size)


class GcsStore:
    """See the port, and the module. Opening one asks nobody anything; credentials are looked for at the first call."""

    def __init__(self, bucket: str, prefix: str = "", limits: Limits | None = None) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._limits = limits or Limits()
        self._api = Api(self._limits.silence_seconds, self._limits.bytes_per_second)
        self._objects = f"/storage/v1/b/{bucket}/o"

    @property
    def url(self) -> str:
        """`gs://bucket/prefix`."""
        return f"gs://{self._bucket}/{self._prefix}".rstrip("/")

    def close(self) -> None:
        """Let go of the connections; the store stays usable."""
        self._api.close()

    def create(self, name: str, chunks: Sequence[bytes]) -> bool:
        """See the port. False also where the account may not even see that it would replace an object."""
        sending = _Sending(name, Multipart(self._full(name), chunks))
        try:
            return patiently(self._limits, lambda deadline: self._create(sending, deadline), len(sending.body))
        except Retryable as error:
            if not sending.lost:
                raise
            raise AnswerLost(error.message, next_step="The same create is repeated by itself.") from error

    def read(self, name: str) -> bytes | None:
        """See the port. The bytes are compared with the checksum that the bucket has of them."""
        corrupted = 0

        def attempt(deadline: float) -> bytes | None:
            nonlocal corrupted
            answer = self._get(name, deadline, {})
            if answer is None:
                return None
            if answer.status != 200:
                raise from_status(answer.status, answer.body, f"read {name} in {self.url}")
            expected = announced_crc32c(answer)
            if expected is not None and expected != crc32c([answer.body]):
                corrupted += 1
                kind = StoreCorrupted if corrupted >= _CORRUPTED_READS else StoreTrouble
                raise kind(f"{name} of {self.url} came {corrupted} times with other bytes than its checksum.")
            return answer.body

        return patiently(self._limits, attempt)

    def read_range(self, name: str, start: int, length: int) -> bytes | None:
        """See the port."""
        if start < 0 or length < 0:
            raise ValueError(f"not a range: {start}, {length}")
        if length == 0:
            return None if self.size(name) is None else b""

        def attempt(deadline: float) -> bytes | None:
            answer = self._get(name, deadline, {"Range": f"bytes={start}-{start + length - 1}"})
            return None if answer is None else cut(answer, start, length, f"read {name} in {self.url}")

        return patiently(self._limits, attempt)

    def size(self, name: str) -> int | None:
        """See the port."""
        stored = patiently(self._limits, lambda deadline: self._stat(name, deadline))
        return None if stored is None else int(stored.size)

    def list_from(self, prefix: str, start: str = "", limit: int | None = None) -> Iterator[str]:
        """See the port. Asks for 1000 names at a time, or for `limit` of them. Markers of folders are no names."""
        check_prefix(prefix)
        query = {"prefix": self._prefix + prefix, "fields": "items/name,nextPageToken"}
        if start > prefix:
            query["startOffset"] = self._prefix + start
        left = limit
        while left is None or left > 0:
            query["maxResults"] = str(PAGE if left is None else min(left, PAGE))
            page = patiently(self._limits, lambda deadline: self._page(prefix, query, deadline))
            for item in page.items:
                name = item.name.removeprefix(self._prefix)
                # Below "startOffset" only where a server does not know it.
                if name >= start and not any(s == "" or s[0] == "." for s in name.split("/")):
                    yield name
                    left = None if left is None else left - 1
                    if left == 0:
                        return
            if not page.next_page_token:
                return
            query["pageToken"] = page.next_page_token

    def _full(self, name: str) -> str:
        check_name(name)
        full = self._prefix + name
        if len(full) > MAX_NAME:
            raise WrongName(f"{full[:200]!r}… is too long for an object.", next_step="Choose a shorter prefix.")
        return full

    def _create(self, sending: _Sending, deadline: float) -> bool:
        """One attempt. Only a 2xx says that it was made, only a 412 that it was not; the rest is asked for again."""
        doing = f"create {sending.name} in {self.url}"
        query = {"uploadType": "multipart", "ifGenerationMatch": "0", "fields": "size,crc32c"}
        headers = {"Content-Type": sending.body.content_type}
        try:
            answer = self._api.exchange(
                "POST",
                f"/upload{self._objects}",
                query,
                doing=doing,
                deadline=deadline,
                headers=headers,
                body=sending.body,
            )
        except NoAnswer as silence:
            sending.lost |= silence.sent
            raise
        if answer.status == 200:
            return self._confirmed(sending, answer, doing)
        error = from_status(answer.status, answer.body, doing)
        # An account that may not delete may be told 403 where it would replace an object: it is there, then, too.
        if answer.status == 412 or (isinstance(error, StoreDenied) and self._may_see(sending.name, deadline)):
            if not sending.lost:
                return False
            there = self._stat(sending.name, deadline)
            if there is not None:
                return sending.is_what(there)
        sending.lost |= answer.status in (408, *range(500, 600))
        raise error

    def _may_see(self, name: str, deadline: float) -> bool:
        try:
            return self._stat(name, deadline) is not None
        except Permanent:
            return False

    def _confirmed(self, sending: _Sending, answer: Answer, doing: str) -> bool:
        try:
            stored = decode(STORED, answer, doing)
        except StoreTrouble:
            sending.lost = True
            raise
        if stored.crc32c is not None and not sending.is_what(stored):
            raise StoreCorrupted(
                f"Could not {doing}: the bucket says that it holds {stored.size} bytes of checksum {stored.crc32c}; "
                f"{sending.body.size} of {sending.body.crc32c} were sent."
            )
        return True

    def _get(self, name: str, deadline: float, headers: dict[str, str]) -> Answer | None:
        """The answer with an object's bytes, or those of the range; None where there is no such object."""
        path = f"/download{self._api.object_path(self._bucket, self._full(name))}"
        doing = f"read {name} in {self.url}"
        answer = self._api.exchange("GET", path, {"alt": "media"}, doing=doing, deadline=deadline, headers=headers)
        if answer.status in (200, 206, 416):
            return answer
        if answer.status == 404:
            self._require_bucket(answer, doing, deadline)
            return None
        raise from_status(answer.status, answer.body, doing)

    def _stat(self, name: str, deadline: float) -> Stored | None:
        path = self._api.object_path(self._bucket, self._full(name))
        doing = f"look at {name} in {self.url}"
        answer = self._api.exchange("GET", path, {"fields": "size,crc32c"}, doing=doing, deadline=deadline)
        if answer.status == 404:
            self._require_bucket(answer, doing, deadline)
            return None
        return decode(STORED, answer, doing)

    def _page(self, prefix: str, query: dict[str, str], deadline: float) -> Page:
        doing = f"list {prefix}* in {self.url}"
        return decode(LISTING, self._api.exchange("GET", self._objects, query, doing=doing, deadline=deadline), doing)

    def _require_bucket(self, answer: Answer, doing: str, deadline: float) -> None:
        """A missing bucket is no empty lake: who took it for one would begin every chain again.

        Both are 404. Where the words do not tell, a listing does, for which a missing object is no error.
        """
        if "no such object" in said(answer.body)[1].lower():
            return
        listed = self._api.exchange("GET", self._objects, {"maxResults": "1"}, doing=doing, deadline=deadline)
        if listed.status != 200:
            raise from_status(listed.status, listed.body, doing)
