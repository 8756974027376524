"""Brings secrets from Google's Secret Manager to files of this host. Standard library only; prints no secret.

    secret_manager.py '{"project": …, "files": [{"secret", "path"}], "check": false, "metadata": URL, "api": URL}'

Prints {"written": [path], "absent": [secret], "refused": [{"secret", "why"}]}. The host proves who it is by its service
account. `absent`: there is a place for the secret, and nothing in it yet; what the host makes is then put there.
"""

import base64
import json
import os
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

SECONDS = 20


def fetched(url: str, headers: "dict[str, str]") -> "dict[str, object]":
    """The JSON that stands there."""
    # A host's proxy is for others: both addresses are Google's own, from within.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(url, headers=headers), timeout=SECONDS) as answer:
        found: dict[str, object] = json.load(answer)
        return found


def token(metadata: str) -> str:
    """What proves this host's service account for some minutes."""
    path = "/computeMetadata/v1/instance/service-accounts/default/token"
    return str(fetched(metadata + path, {"Metadata-Flavor": "Google"})["access_token"])


def secret(api: str, project: str, name: str, bearer: str) -> "bytes | None":
    """The latest version's content; None where there is no version."""
    path = f"/v1/projects/{urllib.parse.quote(project)}/secrets/{urllib.parse.quote(name)}/versions/latest:access"
    try:
        answer = fetched(api + path, {"Authorization": f"Bearer {bearer}"})
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise
    return base64.b64decode(answer["payload"]["data"])  # type: ignore[index]


def place(path: Path, content: bytes) -> None:
    """A file as a whole, root's alone."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(path)


def bring(wanted: "dict[str, object]") -> "dict[str, list[object]]":
    """All files; what cannot be had is told with the others."""
    answer: dict[str, list[object]] = {"written": [], "absent": [], "refused": []}
    try:
        bearer = token(wanted["metadata"])
    except (OSError, ValueError, KeyError) as error:
        why = f"this host has no service account of Google ({error}); set streamlake_secrets: host elsewhere"
        return {**answer, "refused": [{"secret": "all", "why": why}]}
    for file in wanted["files"]:
        path, name = Path(file["path"]), file["secret"]
        try:
            content = secret(wanted["api"], wanted["project"], name, bearer)
        except urllib.error.HTTPError as error:
            todo = "may the host's service account read it (roles/secretmanager.secretAccessor)?"
            answer["refused"].append({"secret": name, "why": f"Secret Manager answers {error.code}; {todo}"})
            continue
        except (OSError, ValueError, KeyError, TypeError) as error:
            answer["refused"].append({"secret": name, "why": f"Secret Manager cannot be reached: {error}"})
            continue
        if content is None:
            answer["absent"].append(name)
        elif not path.exists() or path.read_bytes() != content:
            answer["written"].append(str(path))
            if not wanted["check"]:
                place(path, content)
    return answer


if __name__ == "__main__":
    print(json.dumps(bring(json.loads(sys.argv[1]))))
