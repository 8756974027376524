"""What runs on something else than what stands here, and whether it works after a restart. Standard library only.

The role sends this text to the host's Python with one question as JSON:
  plan   which units are to be started, restarted or proven, and why; which are to be stopped; which are left alone
  begin  notes the restart, for a run after this one and in the journal
  prove  waits until the unit works, then keeps what it was started with

What a unit was started with is kept in KEPT once the unit was seen to work. A run that is killed between begin and
prove leaves `UNIT.begun`: the next run sees whether the restart happened, and then proves the unit without another.
"""

import hashlib
import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

KEPT = Path("/var/lib/streamlake/units")
SETTINGS = Path("/etc/streamlake/streamlake.env")
AUTHORITY = Path("/etc/streamlake/kafka-ca.pem")
RELEASE = Path("/opt/streamlake/current")
WANTS = Path("/etc/systemd/system/streamlake.target.wants")
PENDING = Path("/var/lib/streamlake/pending")
COMMAND = "/usr/local/bin/streamlake"
WORDS = {"unit": "its unit file", "settings": "the settings", "credentials": "its credentials"}
WORKS = ("healthy", "catching-up", "paused")
"""A paused dataset was paused by an operator, and stays so."""


def out(*command):
    """What a command prints; nothing where it fails."""
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout


def shown(unit):
    """The unit's properties that matter here."""
    names = (
        "ActiveState,MainPID,InvocationID,FragmentPath,DropInPaths,StatusText,Result,ExecMainStartTimestampMonotonic"
    )
    lines = out("systemctl", "show", f"--property={names}", unit).splitlines()
    return dict(line.partition("=")[::2] for line in lines)


def digest(parts):
    """One hash of several texts."""
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:24]


def read(path):
    """A file's bytes; a word where there is none."""
    try:
        return Path(path).read_bytes()
    except OSError:
        return b"missing"


def credentials(unit, text):
    """The files that the unit's credentials are taken from: of one name the last counts."""
    instance = unit.partition("@")[2].removesuffix(".service")
    found = {}
    for line in re.findall(r"^LoadCredential=(.+)$", text, re.MULTILINE):
        name, _, path = line.partition(":")
        found[name] = path.replace("%i", instance)
    return found


def settings_for(unit, text):
    """The lines that concern this unit: the API's own are nothing to a consumer."""
    lines = [line for line in text.splitlines() if line.startswith("STREAMLAKE_")]
    if not unit.startswith("streamlake-api"):
        lines = [line for line in lines if not line.startswith("STREAMLAKE_API_")]
    return sorted(lines)


def inputs(unit, properties):
    """What a start of the unit would take now. Of credentials only a hash."""
    files = [properties.get("FragmentPath", ""), *properties.get("DropInPaths", "").split()]
    text = b"\n".join(read(path) for path in files if path)
    taken = credentials(unit, text.decode(errors="replace"))
    return {
        "unit": digest([text]),
        "release": RELEASE.resolve().name,
        "settings": digest([line.encode() for line in settings_for(unit, read(SETTINGS).decode(errors="replace"))]),
        "credentials": digest([read(AUTHORITY), *(name.encode() + read(taken[name]) for name in sorted(taken))]),
    }


def differences(then, now):
    """In words what is new since the unit was started."""
    new = [name for name in now if then.get(name) != now[name]]
    return [f"{WORDS[n]} changed" if n in WORDS else f"{n} {then.get(n)} -> {now[n]}" for n in new]


def decide(properties, now, kept, begun, why):
    """(what to do, why) for one unit. `why` is given where somebody asks for a restart since the unit was started."""
    if properties.get("ActiveState") not in ("active", "activating", "reloading") or properties.get("MainPID") == "0":
        return "start", why or ("it does not run" if kept else "first start")
    if begun and begun["inputs"] == now and begun["invocation"] != properties.get("InvocationID"):
        return "prove", "an earlier run restarted it and was interrupted: " + begun["why"]
    if kept is None:
        return "restart", why or "it is not known what it was started with"
    words = differences(kept["inputs"], now)
    if words:
        return "restart", "; ".join(dict.fromkeys([*([why] if why else []), *words]))
    return ("restart", why) if why else ("none", "")


def kept_as(path):
    """What a file of ours says; None where there is none."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None


def asked(unit, properties, question, notes):
    """Why somebody wants this unit restarted; nothing where that was done since. Without notes it was said by hand."""
    api = unit.startswith("streamlake-api")
    why = "; ".join(word for word in (question["why"], question["why_api"] if api else "") if word)
    booted = time.time() - time.monotonic()
    started = booted + int(properties.get("ExecMainStartTimestampMonotonic") or 0) / 1e6
    mine = {name: at for name, at in notes.items() if api or not name.startswith("restart-api")}
    return why if not notes or any(at > started for at in mine.values()) else ""


def plan(question):
    """See the module."""
    acts = []
    notes = {path.name: path.stat().st_mtime for path in PENDING.glob("restart*")}
    for unit in question["units"]:
        properties = shown(unit)
        now = inputs(unit, properties)
        why = asked(unit, properties, question, notes)
        kept, begun = kept_as(KEPT / f"{unit}.json"), kept_as(KEPT / f"{unit}.begun")
        action, why = decide(properties, now, kept, begun, why)
        if action != "none":
            acts.append({"unit": unit, "action": action, "why": why, "inputs": now})
    # Consumers first: they know a contract before the API lets events of it in.
    acts.sort(key=lambda act: act["unit"].startswith("streamlake-api"))
    enabled = {path.name for path in WANTS.glob("streamlake-consumer@*.service")}
    listed = out(
        "systemctl", "list-units", "--plain", "--no-legend", "--state=active,activating", "streamlake-consumer@*"
    )
    running = {line.split()[0] for line in listed.splitlines()}
    stop, left = surplus(enabled | running, question)
    names = ["streamlake.target", *question["units"]]
    enable = [n for n in names if out("systemctl", "is-enabled", n).strip() != "enabled"]
    print(json.dumps({"enable": enable, "act": acts, "stop": stop, "left": left}))


def surplus(there, question):
    """(to stop, to leave) of the consumers that are there and not wanted.

    A contract that asks for fewer processes asks for the end of the others. That a contract is gone asks for nothing.
    """
    datasets = {dataset_of(unit) for unit in question["known"]}
    other = sorted(there - set(question["units"]))
    stop = [
        unit
        for unit in other
        if dataset_of(unit) in question["stop"] or (unit not in question["known"] and dataset_of(unit) in datasets)
    ]
    return stop, [unit for unit in other if unit not in stop]


def dataset_of(unit):
    """`orders` of streamlake-consumer@orders.2.service; nothing of others."""
    return unit.partition("@")[2].removesuffix(".service").partition(".")[0]


def begin(question):
    """See the module."""
    unit = question["unit"]
    properties = shown(unit)
    note = {name: question[name] for name in ("inputs", "why", "by")}
    write(KEPT / f"{unit}.begun", {**note, "invocation": properties.get("InvocationID", "")})
    out("systemctl", "reset-failed", unit)
    told = f"{question['action']} of {unit} by {question['by']}: {question['why']}"
    journal(unit, told, properties.get("MainPID", "0"))


def write(path, document):
    """As a whole."""
    part = path.with_name(f".{path.name}.part")
    with open(part, "w", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        json.dump(document, file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def journal(unit, text, pid):
    """An entry that `journalctl -t streamlake-restart` shows, and `journalctl -u UNIT` while the unit runs."""
    fields = {"MESSAGE": " ".join(text.split()), "PRIORITY": "5", "STREAMLAKE_UNIT": unit}
    fields["SYSLOG_IDENTIFIER"] = "streamlake-restart"
    if pid != "0":
        fields["OBJECT_PID"] = pid
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.sendto("".join(f"{k}={v}\n" for k, v in fields.items()).encode(), "/run/systemd/journal/socket")


def prove(question):
    """See the module."""
    unit, deadline = question["unit"], time.monotonic() + question["seconds"]
    while True:
        properties = shown(unit)
        trouble = troubled(unit, properties)
        if not trouble:
            break
        given_up = properties["ActiveState"] == "failed"
        if given_up or time.monotonic() > deadline:
            sys.exit(f"{unit} does not work: {trouble}\nSee: journalctl -u {unit} -n 50")
        time.sleep(1)
    begun = kept_as(KEPT / f"{unit}.begun") or {}
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    write(KEPT / f"{unit}.json", {**begun, "inputs": question["inputs"], "at": at})
    (KEPT / f"{unit}.begun").unlink(missing_ok=True)


def troubled(unit, properties):
    """In words why the unit cannot be said to work; nothing if it can. What it says counts, not that it runs."""
    if properties.get("ActiveState") != "active":
        return f"{properties.get('ActiveState')} ({properties.get('Result')}). {properties.get('StatusText', '')}"
    dataset = dataset_of(unit)
    try:
        status = json.loads(out(COMMAND, "status", *([dataset] if dataset else []), "--json"))
    except ValueError:
        return "`streamlake status --json` answers nothing."
    return judged(unit, dataset, properties, status)


def judged(unit, dataset, properties, status):
    """The same, of an answer of `streamlake status --json`."""
    mine = [
        p
        for p in status.get("processes", [])
        if str(p.get("pid")) == properties.get("MainPID") and p.get("answers", True)
    ]
    if not dataset:
        return "" if status.get("api", {}).get("ready") else f"it is not ready. {properties.get('StatusText', '')}"
    if not mine:
        return f"it does not answer yet. {properties.get('StatusText', '')}"
    words = [d.get("health") for d in status.get("datasets", []) if d.get("name") == dataset]
    if not words or words[0] not in WORKS:
        return f"{dataset} is {words[0] if words else 'not known'}. {properties.get('StatusText', '')}"
    return ""


def run(question):
    """Answer one question, as JSON text."""
    asked = json.loads(question)
    {"plan": plan, "begin": begin, "prove": prove}[asked["do"]](asked)
