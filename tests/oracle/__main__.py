"""`python -m tests.oracle LAKE BOOTSTRAP DATASET [--json]`: exit code 0 if every invariant holds, else 1."""

import argparse
import json
import sys
from pathlib import Path

from tests.oracle.verify import verify

parser = argparse.ArgumentParser(prog="python -m tests.oracle", description="Verify a lake against Kafka.")
parser.add_argument("lake", type=Path)
parser.add_argument("bootstrap")
parser.add_argument("dataset")
parser.add_argument("--json", action="store_true")
arguments = parser.parse_args()
proof = verify(arguments.lake, arguments.bootstrap, arguments.dataset)
document = proof.document()
if arguments.json:
    lines = [json.dumps(document)]
else:
    lines = [f"{name:>22}  {value}" for name, value in document.items() if name != "violations"]
    lines += ["{invariant} {where}: {what}".format(**violation) for violation in proof.violations]
sys.stdout.write("\n".join(lines) + "\n")
sys.exit(0 if proof.ok else 1)
