"""How this process proves itself to Kafka: the properties file that STREAMLAKE_KAFKA_CLIENT_FILE names.

Lines of `name=value`, `#` begins a comment. Only names that say who we are and whom we trust are taken: what a client
does to keep its promises is decided in `clients`, and a check that is switched off is no check. A path in it that is
relative stands beside the file, as systemd lays out a unit's credentials. No value ever gets into a message.
"""

import ssl
from pathlib import Path
from typing import Final

from streamlake.errors import Misconfigured
from streamlake.settings import Settings

_PROTOCOLS: Final = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
_MECHANISMS: Final = ("SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN")
_SASL: Final = ("sasl.mechanism", "sasl.username", "sasl.password")
_FILES: Final = ("ssl.ca.location", "ssl.certificate.location", "ssl.key.location")
_TLS: Final = (*_FILES, "ssl.key.password")
KNOWN: Final = ("security.protocol", *_SASL, *_TLS)
_ALSO: Final = {"sasl.mechanisms": "sasl.mechanism"}
_MOST_BYTES: Final = 64 << 10
MISSING: Final = b"missing.credential="
"""What units put in the place of a credential that is not there: systemd itself would only give a number."""


class WrongClientFile(Misconfigured):
    """The file with Kafka's credentials is missing, unreadable or wrong."""

    code = "SL-0215"


def security_of(settings: Settings) -> dict[str, str] | None:
    """What every client of this process is given; None where no file is named. Raises WrongClientFile."""
    return read(Path(settings.kafka_client_file)) if settings.kafka_client_file else None


def read(path: Path) -> dict[str, str]:
    """The file's settings, each known and together whole. Raises WrongClientFile, which lists every mistake."""
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise _wrong(path, f"it cannot be read: {error.strerror or error}") from error
    if len(content) > _MOST_BYTES:
        raise _wrong(path, "it is larger than 64 KiB, so it is some other file")
    if content.startswith(MISSING):
        raise _wrong(
            path, f"the unit's credential {content[len(MISSING) :].decode(errors='replace').strip()} does not exist"
        )
    try:
        found, mistakes = parse(content.decode())
    except UnicodeDecodeError as error:
        raise _wrong(path, "it is not UTF-8 text") from error
    found = {name: str(path.parent / value) if name in _FILES else value for name, value in found.items()}
    mistakes = mistakes or incomplete(found)
    mistakes = mistakes or _unusable_files(found)
    if mistakes:
        raise _wrong(path, "; ".join(mistakes))
    return found


def parse(text: str) -> tuple[dict[str, str], list[str]]:
    """Names and values, and what is wrong with the lines. Spaces around both are not part of them."""
    found: dict[str, str] = {}
    mistakes = []
    for number, line in enumerate(text.split("\n"), 1):
        name, equals, value = (part.strip() for part in line.partition("="))
        if (not name and not equals) or name.startswith(("#", "!")):
            continue
        name = _ALSO.get(name, name)
        if not equals:
            mistakes.append(f"line {number} is not name=value")
        elif name not in KNOWN:
            mistakes.append(f"line {number} sets {name[:60]!r}, which is not one of {', '.join(KNOWN)}")
        elif name in found:
            mistakes.append(f"line {number} sets {name} again")
        elif not value or "\0" in value:
            mistakes.append(f"line {number} gives {name} no value")
        found[name] = value
    return found, mistakes


def incomplete(found: dict[str, str]) -> list[str]:
    """What is missing or does not go together."""
    protocol = found.get("security.protocol")
    if protocol is None:
        return ["security.protocol is missing"]
    if protocol not in _PROTOCOLS:
        return [f"security.protocol must be one of {', '.join(_PROTOCOLS)}"]
    mistakes = []
    if protocol.startswith("SASL_"):
        mistakes += [f"{name} is missing" for name in _SASL if name not in found]
        if found.get("sasl.mechanism", "PLAIN") not in _MECHANISMS:
            mistakes.append(f"sasl.mechanism must be one of {', '.join(_MECHANISMS)}")
    else:
        mistakes += [f"{name} is set, but security.protocol is {protocol}" for name in _SASL if name in found]
    if not protocol.endswith("SSL"):
        mistakes += [f"{name} is set, but security.protocol is {protocol}" for name in _TLS if name in found]
    if ("ssl.certificate.location" in found) != ("ssl.key.location" in found):
        mistakes.append("ssl.certificate.location and ssl.key.location belong together")
    return mistakes


def _unusable_files(found: dict[str, str]) -> list[str]:
    """The client would say so only as it connects, and then only that it could not."""
    mistakes = []
    for name in _FILES:
        try:
            if name in found:
                Path(found[name]).read_bytes()
        except OSError as error:
            mistakes.append(f"{name} cannot be read: {error.strerror}")
    if mistakes:
        return mistakes
    try:
        if "ssl.ca.location" in found:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(found["ssl.ca.location"])
    except (ssl.SSLError, ValueError):
        mistakes.append("ssl.ca.location holds no certificate in PEM")
    if "ssl.certificate.location" in found:
        password = found.get("ssl.key.password", "")
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(
                found["ssl.certificate.location"], found["ssl.key.location"], password
            )
        except (ssl.SSLError, ValueError):
            mistakes.append("ssl.certificate.location and ssl.key.location are no pair in PEM, or need a password")
    return mistakes


def _wrong(path: Path, what: str) -> WrongClientFile:
    return WrongClientFile(
        f"STREAMLAKE_KAFKA_CLIENT_FILE={path}: {what}.", next_step="See the runbook SL-0215 for a whole example."
    )
