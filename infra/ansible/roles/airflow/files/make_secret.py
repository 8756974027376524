"""Makes a secret once: make_secret.py KIND PATH. What is there already is kept; nothing is printed.

The file appears whole, with its mode, or not at all.
"""

import base64
import os
import secrets
import sys
from pathlib import Path

KINDS = {
    "fernet": lambda: base64.urlsafe_b64encode(os.urandom(32)).decode(),
    "token": lambda: secrets.token_urlsafe(48),
    "password": lambda: secrets.token_urlsafe(18),
}
kind, path = sys.argv[1], Path(sys.argv[2])
partial = path.with_name(f".{path.name}.partial")
partial.unlink(missing_ok=True)
descriptor = os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
with os.fdopen(descriptor, "w") as file:
    file.write(KINDS[kind]() + "\n")
    file.flush()
    os.fsync(file.fileno())
try:
    os.link(partial, path)
except FileExistsError:
    pass
finally:
    partial.unlink()
