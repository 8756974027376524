"""PURE. What people type as dates, shares and durations, read strictly: a wrong one is refused, never guessed."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final

from streamlake.audit.errors import WrongQuestion

_DURATION: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)(s|m|h|d)")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def day(text: str | None) -> str | None:
    """`2026-11-21`, a day in UTC."""
    if text is None:
        return None
    try:
        if date.fromisoformat(text).isoformat() == text:
            return text
    except ValueError:
        pass
    raise WrongQuestion(f"{text!r} is no day.", next_step="Write a UTC day as 2026-11-21.")


def share(text: str | None) -> float:
    """`5%` as 0.05; nothing as 0."""
    if text is None:
        return 0.0
    try:
        percent = float(text.removesuffix("%"))
    except ValueError:
        percent = -1.0
    if not text.endswith("%") or not 0 < percent <= 100:
        raise WrongQuestion(f"{text!r} is no share.", next_step="Write a share of the parts as 5%, up to 100%.")
    return percent / 100


def duration(text: str | None) -> float | None:
    """`90s`, `15m`, `1h` or `2d`, in seconds."""
    if text is None:
        return None
    match = _DURATION.fullmatch(text)
    if match is None:
        raise WrongQuestion(f"{text!r} is no duration.", next_step="Write it as 90s, 15m, 1h or 2d.")
    return float(match[1]) * _SECONDS[match[2]]


def moment_ms(text: str | None, now: datetime) -> int | None:
    """A duration before `now`, a day, or an ISO time (UTC where it names no zone), in milliseconds."""
    if text is None:
        return None
    if _DURATION.fullmatch(text):
        try:
            return int((now - timedelta(seconds=duration(text) or 0)).timestamp() * 1000)
        except OverflowError:
            return 0  # before all time: everything
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise WrongQuestion(
            f"{text!r} is no time.", next_step="Write it as 1h, 2d, 2026-11-21 or 2026-11-21T08:00:00Z."
        ) from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
