"""What can be wrong with asking. What an audit finds is no error: see `findings.py`, and the runbook SL-0601."""

from streamlake.errors import Misconfigured


class WrongQuestion(Misconfigured):
    """A date, a share or a duration that is none."""

    code = "SL-0602"


class NoSuchDeadLetter(Misconfigured):
    """Kafka holds no dead letter by that id or offset."""

    code = "SL-0603"
