"""What the processes of one machine are told: the settings in force, written out."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Final

from streamlake.settings import PREFIX, Settings, load

LOCAL_DEFAULTS: Final = {"STREAMLAKE_PART_MAX_AGE_SECONDS": "2"}
"""Under `scripts/up` an event is seen in the lake within seconds; small parts do no harm on one machine."""


def local_settings(environment: Mapping[str, str]) -> Settings:
    """The settings of this environment, with the defaults of one machine below what the user has set."""
    return load({**LOCAL_DEFAULTS, **environment})


def for_children(environment: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """The environment of every process: each setting in full, so that a relative path means the same to all."""
    written = {PREFIX + field.name.upper(): _text(getattr(settings, field.name)) for field in fields(Settings)}
    return {**environment, "PYTHONUNBUFFERED": "1", **written}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
