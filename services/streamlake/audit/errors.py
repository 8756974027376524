"""What can be wrong with asking. What an audit finds is no error: see `findings.py`, and the runbook SL-0601."""

from streamlake.errors import Misconfigured, Refused


class WrongQuestion(Misconfigured):
    """A date, a share or a duration that is none."""

    code = "SL-0602"


class NoSuchDeadLetter(Misconfigured):
    """Kafka holds no dead letter by that id or offset."""

    code = "SL-0603"


class OtherKafka(Refused):
    """The Kafka that answers is not the one that the lake was landed from."""

    code = "SL-0604"
