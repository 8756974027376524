"""The one line that `systemctl status` shows of a consumer, made from its vitals. Pure."""

from collections.abc import Mapping
from typing import Any, Final

STANDS_BY: Final = "stands by: all partitions are with others"


def status_line(vitals: Mapping[str, Any]) -> str:
    """State, lag in records and seconds, the last part and when it landed, dead letters, what it waits for.

    `running: lag 0; last part 10:31:02Z with 120 records; landed 4,512, dead letters 3`
    """
    counters = vitals["counters"]
    words = [STANDS_BY if vitals["stands_by"] else _lag(vitals["partitions"]), _last_part(vitals)]
    words.append(f"landed {counters['records_landed']:,}, dead letters {counters['dead_letters']:,}")
    if counters["loss_offsets"]:
        words.append(f"{counters['loss_offsets']:,} offsets lost")
    state, reason = vitals["state"], vitals["waiting_for"]
    if not reason:
        return f"{state}: {'; '.join(words)}"
    # Before the figures: a terminal cuts a long line at its end.
    waits = f"waits for: {reason}"
    return "; ".join([waits if state == "waiting" else f"{state}, {waits}", *words])


def _lag(partitions: list[dict[str, Any]]) -> str:
    if not partitions:
        return "no partition yet"
    known = [p for p in partitions if p["lag_records"] is not None]
    unknown = len(partitions) - len(known)
    records = sum(p["lag_records"] for p in known)
    seconds = max((p["lag_seconds"] or 0.0 for p in known), default=0.0)
    if unknown == len(partitions):
        return "lag not known"
    behind = f"lag {records:,} records, {seconds:,.0f} s" if records else "lag 0"
    return behind + (f", {unknown} partitions not known" if unknown else "")


def _last_part(vitals: Mapping[str, Any]) -> str:
    if not vitals["last_part"]:
        return "no part landed since the start"
    return f"last part {_clock(vitals['last_part_at'])} with {vitals['last_part_records']:,} records"


def _clock(iso: str) -> str:
    """`2026-11-21T10:31:02.123Z` to the second and with its day, for the last part may be old."""
    return iso.replace("T", " ").partition(".")[0] + "Z"
