"""Requests that try to make the dispatcher do what it must not, made by a grammar: pure, the same for the same seed.

Every production is used at least once. Each payload, wherever a shell, a unit's name or an option were to take it at
its word, would leave a canary, start a program, or move a unit.
"""

import json
import random
from collections.abc import Iterator
from itertools import product

CANARY = "/tmp/streamlake-canary"

_COMMANDS = (
    f"touch {CANARY}",
    f"/bin/touch${{IFS}}{CANARY}",
    f"echo x>{CANARY}",
    f"tee {CANARY}",
    f'python3 -c \'open("{CANARY}","w")\'',
    f"cp /etc/passwd {CANARY}",
    f"systemd-run touch {CANARY}",
    "systemctl stop ssh.service",
    "id",
)
_AROUND = (
    "; {0}",
    "&& {0}",
    "|| {0}",
    "| {0}",
    "& {0} &",
    "`{0}`",
    "$({0})",
    "\n{0}\n",
    "\r\n{0}",
    "';{0};'",
    '";{0};"',
    "\\'; {0} #",
    "<({0})",
    "${{x:-$({0})}}",
    "%0a{0}",
    "\t{0}",
    "{{{{ lookup('pipe', '{0}') }}}}",
    "../../../../bin/sh -c '{0}'",
)
_NAMES = (
    "*",
    "orders*",
    "orders ssh",
    "orders.service",
    "orders.service ssh.service",
    "orders@../../ssh",
    "../ssh",
    "ssh.service",
    "--all",
    "-H root@127.0.0.1",
    "--property=ExecStart=/bin/touch",
    "--root=/",
    "orders\u0000",
    "orders\u2028ssh",
    "\u043erders",
    "ORDERS",
    "orders\\x2dssh",
    "%i",
    "$USER",
    "~root",
    "a" * 49,
    "",
    "orders/..",
    "streamlake-api",
    "orders.2;id",
)
_ACTIONS = ("stop", "restart", "status", "pause", "start", "resume")
_WRONG_ACTIONS = (
    "kill",
    "mask",
    "edit",
    "daemon-reload",
    "enable",
    "set-property",
    "cat",
    "Stop",
    "stop ",
    "status;id",
)
_VERBS = (
    "systemctl",
    "sh",
    "bash",
    "sudo",
    "python3",
    "scp",
    "sftp",
    "internal-sftp",
    "rsync",
    "env",
    "units;id",
    "UNITS",
)
_PLAIN = (
    f"touch {CANARY}",
    f"sh -c 'touch {CANARY}'",
    "bash -i",
    "/bin/sh",
    "-c id",
    f"scp -t {CANARY}",
    "internal-sftp",
    f"rsync --server -e.LsfxC . {CANARY}",
    "systemctl restart ssh.service",
    "systemctl restart streamlake-consumer@orders.service ssh.service",
    f"LD_PRELOAD={CANARY} units {{}}",
    "units",
    "units ",
    "units  {}",
    "units []",
    'units "orders"',
    "units null",
    "units {}{}",
    "units {} ; id",
    " units {}",
    "units\t{}",
    "units\n{}",
    "%s%s%s%n%n",
    "units " + "[" * 2000,
    "units " + '{"a":' * 500 + "1" + "}" * 500,
    "units " + "x" * 5000,
    "units {'action':'stop','dataset':'orders'}",
    'units {"action":"stop","dataset":"orders","action":"status"}',
    'units {"action":"stop","dataset":["orders"]}',
    'units {"action":"stop","dataset":{"$ne":""}}',
    'units {"action":["stop"],"dataset":"orders"}',
    'units {"action":"stop","dataset":"orders","unit":"ssh.service"}',
    'units {"action":"stop","dataset":"orders","reason":""}',
    'units {"action":"stop","dataset":"orders","if_placed":"yes"}',
    'units {"action":"stop","dataset":NaN}',
    'units {"action":"stop","dataset":"orders"}\x00; id'.replace("\x00", "\x01"),
    'units {"action":"stop","dataset":"\\u006frders\\u000a"}',
    'units {"__class__":"os.system","action":"stop","dataset":"all"}',
    'units {"action":"stop","dataset":"all"} --force',
    'units --help {"action":"stop","dataset":"all"}',
)


def _asked(action: str, dataset: str, **more: str) -> str:
    return "units " + json.dumps({"action": action, "dataset": dataset, **more}, separators=(",", ":"))


def _productions() -> Iterator[list[str]]:
    """The corpus by kind."""
    around = [form.format(command) for form, command in product(_AROUND, _COMMANDS)]
    yield list(_PLAIN)
    yield [_asked(action, name) for action, name in product(_ACTIONS, _NAMES)]
    yield [_asked(action, "orders") for action in _WRONG_ACTIONS]
    yield [f'{verb} {{"action":"stop","dataset":"orders"}}' for verb in _VERBS]
    yield [_asked("stop", f"orders{text}") for text in around]
    yield [_asked(f"stop{text}", "orders") for text in around]
    yield [f'units {{"action":"stop","dataset":"orders"}}{text}' for text in around]
    yield [f"units{text}" for text in around]
    yield [_asked("stop", "orders", **{text: "x"}) for text in around]


def injections(count: int, seed: int) -> list[str]:
    """That many different requests: all plain ones, an eighth of each other production, then by chance."""
    chance = random.Random(seed)
    kinds = list(_productions())
    chosen = {text: None for kind in kinds for text in chance.sample(kind, max(1, len(kind) // 8))}
    rest = sorted({text for kind in kinds for text in kind} - chosen.keys())
    chance.shuffle(rest)
    made = [*dict.fromkeys([*_PLAIN, *chosen, *rest])]
    return made[:count]
