"""The dispatcher as sshd starts it: another process, isolated, with a systemctl of the test's own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.reference import ROOT

_SYSTEMCTL = """#!{python} -IS
import json, os, sys, time
here = os.path.dirname(os.path.abspath(__file__))
def read(): return json.load(open(here + "/units.json"))
def log(**what): open(here + "/calls", "a").write(json.dumps(what) + "\\n")
words = [w for w in sys.argv[1:] if not w.startswith("-")]
log(argv=sys.argv[1:], env=dict(os.environ), cwd=os.getcwd())
verb, names, units = words[0], words[1:], read()
trouble = units.pop("trouble", "")
if verb in ("list-units", "list-unit-files"):
    for name, unit in units.items():
        if verb == "list-units" or unit["enabled"]: print(name, "loaded active running -")
elif verb == "show":
    for name in names:
        unit = units[name]
        print("Id=" + name, "ActiveState=" + unit["state"], "StatusText=lag 0", "InvocationID=%d" % unit["runs"],
              "MainPID=7", "UnitFileState=enabled", "", sep="\\n")
elif trouble == "denied":
    sys.exit("Failed to %s %s: Access denied" % (verb, names[0]))
elif trouble == "away":
    sys.exit("Failed to connect to bus: No such file or directory")
else:
    log(begin=verb)
    time.sleep(9 if trouble == "stuck" else 0.2 if trouble == "slow" else 0)
    for name in names:
        units[name]["state"] = "failed" if trouble == "fails" else "inactive" if verb == "stop" else "active"
        units[name]["runs"] += verb == "restart" or (verb == "start" and units[name]["runs"] == 0)
    with open(here + "/units.new", "w") as new: json.dump(units | ({{"trouble": trouble}} if trouble else {{}}), new)
    os.replace(here + "/units.new", here + "/units.json")
    log(end=verb)
    if trouble == "fails": sys.exit("Job for %s failed." % names[0])
"""
_STREAMLAKE = """#!{python} -IS
import json, os, sys
json.dump([sys.argv[1:], dict(os.environ)], open({out!r}, "w"))
action, dataset = sys.argv[2:4]
if dataset == "clicks": sys.exit("SL-0102: there is no such dataset")
print(json.dumps({{"dataset": dataset, "before": "running", "after": {{"pause": "paused"}}.get(action, "running")}}))
"""
_DRIVER = """
import json, sys
sys.path.append({package!r})
from streamlake.dispatch.main import main
from streamlake.dispatch.places import Places
sys.exit(main(Places(**json.loads({places!r}))))
"""


class Dispatcher:
    """A host with the consumers of orders (twice) and payments, and a contract of clicks without a consumer."""

    def __init__(self, home: Path, **places: Any) -> None:
        self.home = home
        for folder in ("contracts/orders", "contracts/clicks", "control", "locks"):
            (home / folder).mkdir(parents=True)
        self._program("systemctl", _SYSTEMCTL)
        self._program("streamlake", _STREAMLAKE.replace("{out!r}", repr(str(home / "asked"))))
        (home / "settings.env").write_text("# a comment\nSTREAMLAKE_STATE_DIR='/srv/state'\nLD_PRELOAD=/tmp/evil\n")
        self.set(
            **{
                f"streamlake-consumer@{name}.service": {"state": "active", "runs": 1, "enabled": True}
                for name in ("orders", "orders.2", "payments")
            }
        )
        self.places = {
            "systemctl": str(home / "systemctl"),
            "streamlake": str(home / "streamlake"),
            "settings_file": str(home / "settings.env"),
            "contracts_dir": str(home / "contracts"),
            "control_dir": str(home / "control"),
            "lock_dir": str(home / "locks"),
        } | places
        driver = _DRIVER.format(package=str(ROOT / "services"), places=json.dumps(self.places))
        (home / "driver.py").write_text(driver)

    def set(self, **units: Any) -> None:
        """What the stand-in for systemd has."""
        (self.home / "units.json").write_text(json.dumps(units))

    def trouble(self, kind: str) -> None:
        """Have every start, stop and restart end that way."""
        units = json.loads((self.home / "units.json").read_text())
        self.set(**units, trouble=kind)

    def state(self, unit: str) -> str:
        """The state of `streamlake-consumer@<unit>`."""
        units = json.loads((self.home / "units.json").read_text())
        return str(units[f"streamlake-consumer@{unit}.service"]["state"])

    def begin(self, command: bytes | str, **environment: str) -> "subprocess.Popen[bytes]":
        """Send a request, as sshd hands it on."""
        raw = command.encode() if isinstance(command, str) else command
        env = {b"SSH_ORIGINAL_COMMAND": raw, b"SSH_CONNECTION": b"192.0.2.7 4 192.0.2.8 22"}
        env |= {os.fsencode(name): os.fsencode(value) for name, value in environment.items()}
        argv = [sys.executable, "-IS", str(self.home / "driver.py")]
        return subprocess.Popen(argv, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def ask(self, command: bytes | str, **environment: str) -> tuple[int, dict[str, Any]]:
        """The exit code and the one document on stdout; nothing else may be said."""
        with self.begin(command, **environment) as process:
            out, err = process.communicate(timeout=60)
        assert err == b"", err.decode()
        assert out.count(b"\n") == 1
        document: dict[str, Any] = json.loads(out)
        assert document["exit_code"] == process.returncode
        return process.returncode, document

    def units(self, **fields: Any) -> tuple[int, dict[str, Any]]:
        """A well-formed request for the verb `units`."""
        return self.ask(f"units {json.dumps(fields)}")

    def calls(self) -> list[dict[str, Any]]:
        """What systemctl was called with, and when it worked, in order."""
        log = self.home / "calls"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []

    def verbs(self) -> list[str]:
        """What systemctl was asked to change."""
        return [call["begin"] for call in self.calls() if "begin" in call]

    def _program(self, name: str, text: str) -> None:
        path = self.home / name
        path.write_text(text.replace("{python}", sys.executable).replace("{{", "{").replace("}}", "}"))
        path.chmod(0o755)
