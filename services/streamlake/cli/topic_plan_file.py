"""A plan that is kept between `topics plan --out` and `topics apply`: only what was shown is done."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from streamlake.errors import Misconfigured, Refused
from streamlake.kafka.topics import PARTITIONS, RETENTION, Allowed, Plan


class WrongPlanFile(Misconfigured):
    """The file is no plan."""

    code = "SL-0242"


class StalePlan(Refused):
    """Kafka or the contracts have moved since the plan was made."""

    code = "SL-0243"


@dataclass(frozen=True, slots=True)
class Kept:
    """A plan as it was shown."""

    path: Path
    changes: list[dict[str, Any]]


def settings_of(plan: Plan) -> list[dict[str, Any]]:
    """Everything that the plan would change, one setting a row; `before` is null for a topic that is not there."""
    rows: list[dict[str, Any]] = []
    for create in plan.creates:
        settings = {PARTITIONS: str(create.partitions), **create.config}
        rows += [
            {"topic": create.topic, "action": "create", "setting": name, "before": None, "after": value}
            for name, value in settings.items()
        ]
    rows += [
        {
            "topic": change.topic,
            "action": "alter",
            "setting": change.setting,
            "before": change.before,
            "after": change.after,
        }
        for change in plan.changes
    ]
    return rows


def save(path: Path, plan: Plan) -> None:
    """Write it down."""
    path.write_text(json.dumps({"format": 1, "kind": "topics", "changes": settings_of(plan)}, indent=1) + "\n")


def load(path: Path) -> Kept:
    """A plan that was written down. Raises WrongPlanFile."""
    advice = "`streamlake topics plan --out FILE` writes one."
    try:
        document = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise WrongPlanFile(f"{path} cannot be read: {error}.", next_step=advice) from error
    if not isinstance(document, dict) or document.get("format") != 1 or document.get("kind") != "topics":
        raise WrongPlanFile(f"{path} is no plan of topics.", next_step=advice)
    return Kept(path, document["changes"])


def agreed(kept: Kept) -> Allowed:
    """What somebody has agreed to by keeping this plan: growth and shorter retention that stand in it."""
    changed = [(row["topic"].split(".")[1], row["setting"]) for row in kept.changes if row["action"] == "alter"]
    return Allowed(
        frozenset(dataset for dataset, setting in changed if setting == PARTITIONS),
        frozenset(dataset for dataset, setting in changed if setting == RETENTION),
    )


def require_same(kept: Kept, plan: Plan) -> None:
    """Raise StalePlan unless carrying out `plan` is what was shown."""
    now = settings_of(plan)
    if now == kept.changes:
        return
    moved = next((row for row in [*now, *kept.changes] if row not in now or row not in kept.changes), None)
    raise StalePlan(
        f"{kept.path} is stale: {_words(kept.changes, moved)} when it was made, {_words(now, moved)} now.",
        next_step=f"`streamlake topics plan --out {kept.path}` makes a new one.",
    )


def _words(rows: list[dict[str, Any]], about: dict[str, Any] | None) -> str:
    if about is None:
        return "another order"
    for row in rows:
        if (row["topic"], row["setting"]) == (about["topic"], about["setting"]):
            return f"{row['topic']} {row['setting']} {row['before'] or '-'} -> {row['after']}"
    return f"no change of {about['topic']} {about['setting']}"
