"""What a run says of itself: for a person, as JSON, and as a row and tables that can be pasted into docs/torture.md."""

from collections import Counter
from typing import Any

from tests.torture.run import Result
from tests.torture.schedule import KINDS


def document(result: Result) -> dict[str, Any]:
    """Everything, for machines."""
    options, found, proof = result.options, result.found, result.proof
    return {
        "ok": result.ok,
        "seed": options.seed,
        "minutes": options.minutes,
        "lake": options.lake,
        "took_seconds": round(result.took_seconds),
        "events": found.events,
        "acknowledged": found.acknowledged,
        "refused_attempts": found.refused,
        "unknown_attempts": found.unknown,
        "unknown_that_landed": found.landed_unknown,
        "raw_lines": found.raw_lines,
        "dead_letters": found.dead_lines,
        "dead_letter_copies": found.dead_copies,
        "twice_in_kafka": found.twice_in_kafka,
        "compared_with_kafka": proof.compared if proof else 0,
        "deleted_from_kafka": result.deleted,
        "claims": proof.claims if proof else 0,
        "parts": proof.parts if proof else 0,
        "seals": proof.seals if proof else 0,
        "faults": kinds(result),
        "not_proven": [f"{d.planned.kind} at {d.planned.at} s: {d.missing}" for d in result.not_proven],
        "impossible_here": result.impossible,
        "caught_up_seconds": round(result.caught_up_seconds, 1),
        "looked_at": result.seen,
        "restarts": result.restarts,
        "peak_mib": {name: round(peak) for name, peak in sorted(result.peaks.items())},
        "audit": result.audit.get("verdict"),
        "violations": result.violations,
    }


def kinds(result: Result) -> dict[str, dict[str, int]]:
    """Scheduled and proven, by kind."""
    scheduled = Counter(done.planned.kind for done in result.done)
    fired = Counter(done.planned.kind for done in result.done if done.proof)
    return {k.name: {"scheduled": scheduled[k.name], "fired": fired[k.name]} for k in KINDS if scheduled[k.name]}


def markdown(result: Result) -> str:
    """What can be pasted: a row for the table of runs, and the table of faults."""
    said, faults = document(result), kinds(result)
    scheduled = sum(count["scheduled"] for count in faults.values())
    fired = sum(count["fired"] for count in faults.values())
    verdict = "nothing lost, nothing twice" if result.ok else f"{len(result.violations)} violations"
    lines = [
        "| seed | lake | minutes | events | acknowledged | unknown (landed) | lines | dead letters | faults fired |"
        " caught up | verdict |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
        f"| {said['seed']} | {said['lake']} | {said['minutes']:g} | {said['events']:,} | {said['acknowledged']:,} |"
        f" {said['unknown_attempts']:,} ({said['unknown_that_landed']:,}) | {said['raw_lines']:,} |"
        f" {said['dead_letters']:,} | {fired} of {scheduled} | {said['caught_up_seconds']} s | {verdict} |",
        "",
        f"With {fired} faults and {said['acknowledged']:,} acknowledged events, and no failure, the chance of one is"
        f" below {_bound(fired)} a fault and {_bound(said['acknowledged'])} an event (95 %, 3/n).",
        "",
        "| fault | scheduled | fired |",
        "|---|---|---|",
        *(f"| {name} | {count['scheduled']} | {count['fired']} |" for name, count in faults.items()),
    ]
    if result.impossible:
        lines += ["", f"Not possible here: {', '.join(result.impossible)}."]
    return "\n".join(lines) + "\n"


def _bound(count: int) -> str:
    return f"{3 / count:.1g}" if count else "1"


def screen(result: Result) -> str:
    """For a person: the tables, then what is wrong."""
    said = document(result)
    lines = [markdown(result)]
    lines += [
        f"{name}: {said[name]}"
        for name in ("twice_in_kafka", "claims", "parts", "seals", "restarts", "peak_mib", "audit")
    ]
    lines += [f"NOT PROVEN  {what}" for what in said["not_proven"]]
    lines += [f"VIOLATION  {what}" for what in result.violations]
    again = f"scripts/torture --seed {said['seed']} --minutes {said['minutes']:g} --lake {said['lake']}"
    lines.append("OK" if result.ok else f"NOT OK; again: {again}")
    return "\n".join(lines) + "\n"
