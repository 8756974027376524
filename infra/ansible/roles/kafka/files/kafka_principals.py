"""Makes the password of each principal once, as the file that its clients read. Prints whether anything changed.

Arguments: a folder, and JSON with `principals` (a password or null, by name), `common` (lines of every file), `check`.
A password that is given wins; one that is there is kept.
"""

import json
import os
import secrets
import sys
from pathlib import Path


def file_of(folder: Path, principal: str) -> Path:
    """`streamlake-api` is `kafka-api`; the brokers' own is `kafka-broker`."""
    short = principal.removeprefix("streamlake-")
    return folder / ("kafka-broker" if short == "kafka" else f"kafka-{short}")


def password_in(path: Path) -> str:
    """The password that stands there; "" if none does."""
    try:
        lines = path.read_text().splitlines()
    except FileNotFoundError:
        return ""
    return next((line.partition("=")[2] for line in lines if line.startswith("sasl.password=")), "")


def main() -> int:
    """See the module."""
    folder, asked = Path(sys.argv[1]), json.load(sys.stdin)
    changed = []
    for principal, given in asked["principals"].items():
        path = file_of(folder, principal)
        password = given or password_in(path) or secrets.token_hex(24)
        text = "".join(f"{line}\n" for line in asked["common"])
        text += f"sasl.username={principal}\nsasl.password={password}\n"
        if path.exists() and path.read_text() == text:
            continue
        changed.append(principal)
        if asked["check"]:
            continue
        partial = path.with_name(f".{path.name}.partial")
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    print(json.dumps({"changed": changed}))
    return 0


sys.exit(main())
