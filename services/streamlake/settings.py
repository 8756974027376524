"""The only reader of the environment: `STREAMLAKE_*` becomes a frozen `Settings`, or one error that names them all.

A name that is not known is refused with the nearest one that is, for a mistyped setting that is silently ignored
is an outage later.
"""

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from streamlake.errors import Misconfigured

PREFIX: Final = "STREAMLAKE_"
_BUCKET_URL: Final = re.compile(r"gs://[a-z0-9][a-z0-9._-]{1,220}[a-z0-9](/[A-Za-z0-9_=-][A-Za-z0-9._=-]*)*/*")


class WrongSetting(Misconfigured):
    """A setting is unknown or has a wrong value."""

    code = "SL-0801"


def _text(value: str) -> str:
    return value


def _whole(value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise ValueError("must be a whole number") from None


def _number(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise ValueError("must be a number") from None


def _port(value: str) -> int:
    number = _whole(value)
    if not 0 < number < 65536:
        raise ValueError("a port lies between 1 and 65535")
    return number


def _positive_int(value: str) -> int:
    number = _whole(value)
    if number <= 0:
        raise ValueError("must be above 0")
    return number


def _positive_float(value: str) -> float:
    number = _number(value)
    if not 0 < number < float("inf"):
        raise ValueError("must be above 0")
    return number


def _share(value: str) -> float:
    number = _positive_float(value)
    if number > 1:
        raise ValueError("is a share: above 0 and at most 1")
    return number


def _level(value: str) -> str:
    if value.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
    return value.upper()


def _flag(value: str) -> bool:
    if value.lower() not in ("true", "false", "1", "0"):
        raise ValueError("must be true or false")
    return value.lower() in ("true", "1")


def _path(value: str) -> Path:
    if not value:
        raise ValueError("must not be empty")
    return Path(value).expanduser().absolute()


def _optional_path(value: str) -> str:
    return str(_path(value)) if value else ""


def _lake_url(value: str) -> str:
    url = urlsplit(value)
    if url.scheme == "file" and url.path.startswith("/"):
        return value.rstrip("/")
    if _BUCKET_URL.fullmatch(value):
        return value.rstrip("/")
    raise ValueError("must be file:///an/absolute/path or gs://bucket/prefix")


def _web_address(value: str) -> str:
    if value and (urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).netloc):
        raise ValueError("must be http://… or https://…")
    return value.rstrip("/")


def _setting(parse: Callable[[str], Any], default: str | None, help: str, *, secret: bool = False) -> Any:
    return field(metadata={"parse": parse, "default": default, "help": help, "secret": secret})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What is in force. A field `x_y` is set by `STREAMLAKE_X_Y`; `{home}` in a default is STREAMLAKE_HOME."""

    home: Path = _setting(_path, ".streamlake", "where everything stands that runs on this machine")
    api_host: str = _setting(_text, "127.0.0.1", "the address that the ingest API listens on")
    api_port: int = _setting(_port, "8080", "the port of the ingest API")
    api_workers: int = _setting(_positive_int, "1", "worker processes of the ingest API")
    api_client_seconds: float = _setting(
        _positive_float, "10", "how long a client may take to send a head, to begin a body, to read its answer"
    )
    api_idle_seconds: int = _setting(_positive_int, "75", "how long a connection stays open without a request")
    api_max_connections: int = _setting(
        _positive_int, "4096", "connections to one worker; who comes then is told to come later"
    )
    api_keys_file: Path = _setting(
        _path, "{home}/keys.json", "producers' keys; needed when the API listens off loopback"
    )
    api_tls_cert: str = _setting(_text, "", "certificate file; with it and its key the API speaks TLS")
    api_tls_key: str = _setting(_text, "", "key file of the certificate")
    api_behind_tls_proxy: bool = _setting(
        _flag, "false", "a TLS proxy stands in front, so plain HTTP off loopback is meant"
    )
    kafka_port: int = _setting(_port, "9092", "the port of the Kafka that `scripts/up` starts")
    bucket_port: int = _setting(_port, "4443", "the port of the bucket that `scripts/up --lake gs` serves")
    kafka_software_dir: Path = _setting(_path, "{home}/kafka", "Kafka's jars and Java; several homes may share it")
    kafka_durable: bool = _setting(_flag, "false", "the Kafka that `scripts/up` starts syncs before it answers")
    maven_base_url: str = _setting(_web_address, "", "a Maven repository to get Kafka's jars from, in place of `mvn`")
    consumer_may_be_down_hours: float = _setting(
        _positive_float, "72", "`topics plan` warns when Kafka keeps events for less than this"
    )
    bootstrap_servers: str = _setting(_text, "127.0.0.1:{kafka_port}", "Kafka's addresses")
    kafka_client_file: str = _setting(
        _optional_path, "", "a file of name=value lines with which every client proves itself to Kafka"
    )
    lake_url: str = _setting(_lake_url, "file://{home}/lake", "the lake: file:///path or gs://bucket/prefix")
    contracts_dir: Path = _setting(_path, "contracts", "the folder of contracts")
    state_dir: Path = _setting(_path, "{home}/state", "sockets and control files of the processes on this machine")
    deployment: str = _setting(_text, "local", "the deployment's name; a lake belongs to one deployment")
    part_max_bytes: int = _setting(_positive_int, "67108864", "a part closes at this many uncompressed bytes")
    part_max_records: int = _setting(_positive_int, "1000000", "a part closes at this many records")
    part_max_age_seconds: float = _setting(_positive_float, "60", "a part closes at this age")
    open_parts_max_bytes: int = _setting(
        _positive_int, "50331648", "compressed bytes that all open parts of a process may hold"
    )
    upload_threads: int = _setting(_positive_int, "4", "uploads at the same time in one consumer")
    breaker_consecutive: int = _setting(_positive_int, "300", "so many rejections in a row pause the dataset")
    breaker_ratio: float = _setting(
        _share, "0.5", "this share of rejections among the last `breaker_window` records pauses the dataset"
    )
    breaker_window: int = _setting(_positive_int, "1000", "records that the breaker's share is taken of")
    session_timeout_seconds: float = _setting(
        _positive_float, "45", "Kafka takes a consumer for dead after this silence"
    )
    max_poll_interval_seconds: float = _setting(
        _positive_float, "300", "Kafka takes a consumer for stuck after this time between polls"
    )
    seal_grace_seconds: float = _setting(_positive_float, "300", "how long after midnight UTC a day stays open")
    log_level: str = _setting(_level, "INFO", "DEBUG, INFO, WARNING or ERROR")


def load(environment: Mapping[str, str]) -> Settings:
    """The settings of this environment; WrongSetting lists every mistake at once."""
    known = {PREFIX + f.name.upper(): f for f in fields(Settings)}
    wrong = []
    for name in sorted(n for n in environment if n.startswith(PREFIX) and n not in known):
        near = difflib.get_close_matches(name, known, n=1)
        wrong.append(f"{name} is not a setting" + (f"; did you mean {near[0]}?" if near else ""))
    values: dict[str, Any] = {}
    for name, setting in known.items():
        raw = environment.get(name)
        if raw is None:
            raw = setting.metadata["default"].format_map(values)
        try:
            values[setting.name] = setting.metadata["parse"](raw)
        except ValueError as error:
            wrong.append(f"{name}={raw!r}: {error}")
            values[setting.name] = raw
    if wrong:
        text = "; ".join(wrong)
        raise WrongSetting(
            text if text.endswith("?") else f"{text}.", next_step="`streamlake settings` lists all of them."
        )
    return Settings(**values)
