"""Brings a host's file of API keys to what it should hold, and makes the canary's key. Standard library only.

    api_keys.py --keys FILE --group NAME --canary SECRET_FILE [--shared FILE] [--check]

Without a shared file, keys that were made on this host stay as they are. With one, it says which keys there are: those
of this host go, but for the canary's. Prints {"changed": true | false}; no secret is ever printed.
"""

import argparse
import hashlib
import json
import os
import secrets
import shutil
import sys
import tempfile
import time
from pathlib import Path

CANARY = "streamlake-canary"


def wanted(
    present: "list[dict[str, object]]", shared: "list[dict[str, object]] | None", canary: "dict[str, object]"
) -> "list[dict[str, object]]":
    """The keys that the file should hold."""
    base = present if shared is None else shared
    return [key for key in base if key["producer"] != CANARY] + [canary]


def canary_key(secret: str, present: "list[dict[str, object]]", created_at: str) -> "dict[str, object]":
    """The key of this secret; the one that is there already keeps its id."""
    digest = hashlib.sha256(secret.encode()).hexdigest()
    for key in present:
        if key["producer"] == CANARY and key["sha256"] == digest and key.get("revoked_at") is None:
            return key
    return {
        "id": digest[:8],
        "producer": CANARY,
        "datasets": ["all"],
        "sha256": digest,
        "created_at": created_at,
        "revoked_at": None,
    }


def read(path: Path) -> "list[dict[str, object]]":
    """The keys of a file; none where there is no file."""
    try:
        document = json.loads(path.read_text())
    except FileNotFoundError:
        return []
    if not isinstance(document, dict) or document.get("format") != 1 or not isinstance(document.get("keys"), list):
        raise SystemExit(f"{path} is not a keys file of format 1; `streamlake keys new` makes one.")
    return list(document["keys"])


def replace(path: Path, text: str, mode: int, group: "str | None" = None) -> None:
    """Write a file as a whole, so that nobody ever reads half of it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    if group is not None:
        shutil.chown(name, group=group)
    Path(name).chmod(mode)
    Path(name).replace(path)


def main(arguments: "list[str]") -> int:
    """Carry out one command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--keys", type=Path, required=True)
    parser.add_argument("--group", required=True)
    parser.add_argument("--canary", type=Path, required=True)
    parser.add_argument("--shared", type=Path)
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args(arguments)
    present = read(given.keys)
    shared = read(given.shared) if given.shared and given.shared.exists() else None
    secret = given.canary.read_text().strip() if given.canary.exists() else ""
    fresh = not secret
    secret = secret or "slk_" + secrets.token_urlsafe(32)
    keys = wanted(present, shared, canary_key(secret, present, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())))
    changed = keys != present or fresh
    if changed and not given.check:
        if fresh:
            replace(given.canary, secret + "\n", 0o600)
        replace(given.keys, json.dumps({"format": 1, "keys": keys}, indent=2) + "\n", 0o640, given.group)
    print(json.dumps({"changed": changed}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
