"""Logs: JSON on stderr, one object a line, for machines; or sentences with fields where the journal reads them.

Fields that mean the same everywhere: dataset, topic, partition, offset_start, offset_next, ingestion_id,
write_path, error_id, waiting_for.
"""

import logging
import os
import sys

from pythonjsonlogger.json import JsonFormatter

from streamlake import journal
from streamlake.errors import StreamlakeError


def configure(level: str, process: str) -> None:
    """Send every log line of this process to the journal, or to stderr as JSON. Called once, by an entry point."""
    if journal.is_read_by(os.environ):
        logging.basicConfig(level=level.upper(), handlers=[journal.Handler(process)], force=True)
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        JsonFormatter(
            "{asctime}{levelname}{name}{message}",
            style="{",
            rename_fields={"asctime": "timestamp", "levelname": "level", "name": "logger"},
            static_fields={"process": process},
            datefmt="%Y-%m-%dT%H:%M:%S%z",
        )
    )
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


def error_fields(error: BaseException) -> dict[str, str]:
    """What a log line says of an error: its id where it has one, and its words."""
    code = error.code if isinstance(error, StreamlakeError) else type(error).__name__
    return {"error_id": code, "error": str(error)}
