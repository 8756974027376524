"""`python -m tests.torture --seed N --minutes M`: exit code 0 if every invariant held and every fault happened."""

import argparse
import faulthandler
import json
import shutil
import sys
import tempfile
from pathlib import Path

from tests.torture import report
from tests.torture.mounts import own_mounts
from tests.torture.platform import Options
from tests.torture.run import run, say_to_stderr
from tests.torture.schedule import EVERY_SECONDS

parser = argparse.ArgumentParser(
    prog="scripts/torture",
    description="Hurt the whole platform for some minutes, heal it, and prove that nothing is lost and nothing twice.",
    epilog="Example: scripts/torture --seed 7 --minutes 3",
)
parser.add_argument("--seed", type=int, required=True, help="what happens when; every fourth has a local lake")
parser.add_argument("--minutes", type=float, default=3.0)
parser.add_argument("--lake", choices=("bucket", "local"), help="against the seed's choice")
parser.add_argument("--rate", type=float, default=150.0, help="events a second")
parser.add_argument("--every", type=float, default=EVERY_SECONDS, help="seconds between two faults, in the mean")
parser.add_argument("--report", type=Path, help="a file for the tables of docs/torture.md; a second one gets .json")
parser.add_argument("--home", type=Path, help="where everything stands, and stays; else a folder that is removed if OK")
parser.add_argument("--plant", help="a bug of tests/torture/planted.py in the consumers: the verdict must find it")
arguments = parser.parse_args()
faulthandler.enable()
if arguments.home and arguments.home.exists() and any(arguments.home.iterdir()):
    parser.error(f"{arguments.home} is not empty: a run begins with nothing")
mounts = own_mounts()
home = arguments.home or Path(tempfile.mkdtemp(prefix="torture-"))
lake = arguments.lake or ("local" if arguments.seed % 4 == 3 else "bucket")
options = Options(
    arguments.seed, arguments.minutes, home.absolute(), lake, arguments.rate, arguments.every, mounts=mounts
)
if arguments.plant:
    planted = (sys.executable, "-m", "tests.torture.planted", arguments.plant)
    options = Options(**{**options.__dict__, "consumer": planted})
result = run(options, say_to_stderr)
if arguments.report:
    arguments.report.write_text(report.markdown(result))
    arguments.report.with_suffix(".json").write_text(json.dumps(report.document(result), indent=1) + "\n")
sys.stdout.write(report.screen(result))
if result.ok and not arguments.home:
    shutil.rmtree(home)
sys.exit(0 if result.ok else 1)
