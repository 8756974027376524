"""What must hold before anything is made or started. The first thing that does not is raised, in words."""

import shutil
import socket
from pathlib import Path
from typing import Final

from streamlake.kafka import ports
from streamlake.local import chosen_lake, datasets, units
from streamlake.local.errors import DiskFull, HomeUnusable, PortTaken
from streamlake.settings import Settings

NEEDED_BYTES: Final = 512 << 20


def check(settings: Settings) -> list[str]:
    """The datasets to start; raises WrongContract, PortTaken, PortInUse, HomeUnusable or DiskFull. Writes nothing."""
    names = datasets.load(settings)
    _require_port("the API", settings.api_host, settings.api_port, "STREAMLAKE_API_PORT")
    if chosen_lake.serves_bucket(settings):
        _require_port("the bucket", "127.0.0.1", settings.bucket_port, "STREAMLAKE_BUCKET_PORT")
    if units.owns_kafka(settings):
        ports.require_free(settings.kafka_port)
    free = free_bytes(settings.home)
    if free < NEEDED_BYTES:
        raise DiskFull(
            f"{settings.home} has {free >> 20} MiB free; StreamLake begins with at least {NEEDED_BYTES >> 20} MiB.",
            next_step="Make room, or set STREAMLAKE_HOME to a larger disk.",
        )
    return names


def free_bytes(home: Path) -> int:
    """What is free where this folder is, or would be."""
    place = home
    while not place.exists() and place != place.parent:
        place = place.parent
    if not place.is_dir():
        raise HomeUnusable(f"{place} is not a folder.", next_step="Set STREAMLAKE_HOME to a folder that you may write.")
    return shutil.disk_usage(place).free


def _require_port(what: str, host: str, port: int, setting: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as error:
            raise PortTaken(
                f"{what} cannot listen on {host}:{port}: {error.strerror}.",
                next_step=f"Stop what listens there (`ss -ltnp 'sport = :{port}'`), or set {setting}.",
            ) from error
