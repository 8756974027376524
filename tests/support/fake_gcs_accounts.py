"""A fake bucket that wants to know who asks, and the metadata server of a VM that vouches for it."""

import itertools
from collections import Counter

import msgspec

from streamlake.local.bucket_calls import Call, Reply, failure
from streamlake.local.bucket_server import Connection
from tests.support.fake_gcs import FakeGcs

_ACCOUNT = "/computeMetadata/v1/instance/service-accounts/"


class GuardedGcs(FakeGcs):
    """Gives out tokens and takes only those that it has not revoked. GCE_METADATA_HOST leads here, too."""

    def __init__(self) -> None:
        super().__init__()
        self._numbers = itertools.count(1)
        self.valid: set[str] = set()
        self.lives_seconds = 3600
        self.account_exists = True
        self.asked: Counter[str] = Counter()

    @property
    def host(self) -> str:
        """What GCE_METADATA_HOST must be."""
        return self.url.removeprefix("http://")

    def revoke_all(self) -> None:
        """As when a key is rotated: what was given out counts no more."""
        self.valid.clear()

    def serve(self, call: Call, connection: Connection) -> None:
        path = connection.path.partition("?")[0]
        if path == "/" or path.startswith("/computeMetadata/"):
            connection.send(self._metadata(path))
        elif call.headers.get("authorization", "").removeprefix("Bearer ") not in self.valid:
            self.asked["refused"] += 1
            connection.send(failure(401, "authError", "Invalid Credentials"))
        else:
            super().serve(call, connection)

    def _metadata(self, path: str) -> Reply:
        headers = {"metadata-flavor": "Google", "content-type": "application/json"}
        if path == "/":
            return Reply(200, headers)
        if not path.startswith(_ACCOUNT) or not self.account_exists:
            return Reply(404, headers)
        if path.endswith("/token"):
            self.asked["tokens"] += 1
            token = f"token-{next(self._numbers)}"
            self.valid.add(token)
            told = {"access_token": token, "expires_in": self.lives_seconds, "token_type": "Bearer"}
            return Reply(200, headers, msgspec.json.encode(told))
        about = {"email": "lake@example.test", "scopes": ["https://www.googleapis.com/auth/cloud-platform"]}
        return Reply(200, headers, msgspec.json.encode(about))
