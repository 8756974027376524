"""What an operator asked for, in a file that `streamlake consumer pause|resume` writes and the loop looks at."""

import json
from pathlib import Path

from streamlake.consumer.consumer import Control

_NOTHING = Control()


def read_control(state_dir: Path, dataset: str, before: Control = _NOTHING) -> Control:
    """What is asked for now; nothing where there is no file. A file that cannot be read asks for nothing new.

    Then what was asked `before` holds: a pause must not end, nor a resume be taken twice, because a disk hiccuped.
    """
    try:
        asked = json.loads((state_dir / "control" / f"{dataset}.json").read_text())
        return Control(asked.get("state") == "paused", int(asked.get("resumed_at_ms") or 0))
    except FileNotFoundError:
        return _NOTHING
    except (OSError, ValueError, TypeError, AttributeError, ArithmeticError, RecursionError):
        return before
