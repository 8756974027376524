"""Stop everything of a home, also when its supervisor was killed; forget its data when told to."""

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from streamlake.local import chosen_lake, processes
from streamlake.local.errors import RunsAlready, WipeRefused
from streamlake.local.home import Home, Lock, holder
from streamlake.local.supervisor import stop_in_order
from streamlake.settings import Settings

DOWN_SECONDS: Final = 100.0
"""More than all units may take one after the other; after that they are killed."""


def down(settings: Settings, say: Callable[[str], None]) -> bool:
    """Stop the supervisor and what it left behind. Returns whether anything ran."""
    home = Home(settings.home)
    pid = holder(home)
    if pid is not None:
        say(f"stopping StreamLake (pid {pid}): API, consumers, Kafka")
        os.kill(pid, signal.SIGTERM)
        if not processes.wait_gone(pid, DOWN_SECONDS):
            say("it did not stop in time and is killed")
            os.kill(pid, signal.SIGKILL)
            processes.wait_gone(pid, 5)
    left = processes.of_home(home.path)
    if left:
        say(f"ending {len(left)} processes that a killed supervisor left behind")
        stop_in_order(left)
    return pid is not None or bool(left)


def wipeable(settings: Settings) -> tuple[list[Path], list[str]]:
    """What `--wipe` deletes, and what it leaves because it stands outside the home."""
    home = settings.home
    kafka = [home / "kafka" / name for name in ("data", "broker.log", "broker.out", "server.properties")]
    ours, left = [*kafka, home / "log", home / "run", chosen_lake.folder(home), chosen_lake.marker(home)], []
    lake = urlsplit(settings.lake_url)
    folders = [(settings.state_dir, "the state folder")]
    if lake.scheme == "file":
        folders.append((Path(lake.path), "the lake"))
    elif not chosen_lake.serves_bucket(settings):
        left.append(f"the lake {settings.lake_url}")
    for path, name in folders:
        if path != home and path.is_relative_to(home):
            ours.append(path)
        elif path.exists():
            left.append(f"{name} {path}")
    return [path for path in ours if path.exists()], left


def wipe(settings: Settings) -> None:
    """Delete the data of a home in which nothing runs. The software, the keys and the settings stay."""
    lock = Lock(Home(settings.home))
    try:
        lock.take()
    except RunsAlready as error:
        raise WipeRefused(f"nothing was deleted: {error.message}", next_step="Run `scripts/down` first.") from error
    try:
        for path in wipeable(settings)[0]:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    finally:
        lock.release()
