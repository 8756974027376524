"""Which lake a home has, once `scripts/up --lake` has said so: its later commands must find the same one.

What stands in the environment counts first. Only the choice is kept, in one line of text below the home.
"""

from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Final

from streamlake.local.errors import LakeChange
from streamlake.settings import PREFIX, Settings, WrongSetting, load

BUCKET: Final = "streamlake-local"
BUCKET_LAKE: Final = f"gs://{BUCKET}/lake"
"""The lake in the bucket that this machine serves itself."""
_URL: Final = f"{PREFIX}LAKE_URL"
_EMULATOR: Final = "STORAGE_EMULATOR_HOST"


def marker(home: Path) -> Path:
    """Where the choice stands."""
    return home / "lake_url"


def folder(home: Path) -> Path:
    """Where the objects of the bucket stand that this machine serves."""
    return home / "bucket"


def serves_bucket(settings: Settings) -> bool:
    """Whether the lake's bucket is ours to serve."""
    return settings.lake_url == BUCKET_LAKE


def recall(environment: Mapping[str, str]) -> dict[str, str]:
    """What the home's choice adds to this environment, and where its bucket answers."""
    known = dict(environment)
    if _URL not in known:
        home = Path(known.get(f"{PREFIX}HOME") or ".streamlake").expanduser()
        try:
            known[_URL] = marker(home).read_text().strip()
        except OSError:
            return {}
    if known[_URL].rstrip("/") == BUCKET_LAKE and _EMULATOR not in known:
        # As text, so that a wrong port is the settings' to refuse.
        known[_EMULATOR] = f"http://127.0.0.1:{known.get(f'{PREFIX}BUCKET_PORT', '4443')}"
    return {name: value for name, value in known.items() if name not in environment}


def choose(environment: MutableMapping[str, str], lake: str) -> None:
    """Put the lake that `--lake` names into this environment: gs, file, or a URL. WrongSetting where it is none.

    LakeChange where the home has another one and Kafka's data already: a consumer would find its offsets committed
    and no claim of them.
    """
    if lake not in ("gs", "file") and not lake.startswith(("gs://", "file://")):
        raise WrongSetting(f"--lake {lake}: gs, file, gs://bucket/prefix and file:///an/absolute/path are taken.")
    before = load(environment).lake_url
    if lake == "file":
        environment.pop(_URL, None)
        environment[_URL] = load(environment).lake_url
    else:
        environment[_URL] = BUCKET_LAKE if lake == "gs" else lake
    settings = load(environment)
    if settings.lake_url != before and (settings.home / "kafka" / "data").exists():
        raise LakeChange(
            f"{settings.home} has the lake {before}, and its Kafka has events: they cannot land in another one.",
            next_step="Set another STREAMLAKE_HOME, or forget the data with `scripts/down --wipe`.",
        )
    environment.update(recall(environment))


def remember(settings: Settings) -> None:
    """Keep the choice for the home's later commands."""
    settings.home.mkdir(parents=True, exist_ok=True)
    marker(settings.home).write_text(f"{settings.lake_url}\n")
