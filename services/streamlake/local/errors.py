"""What can go wrong with everything on one machine."""

from streamlake.errors import Misconfigured, Refused, Retryable


class RunsAlready(Refused):
    """StreamLake runs in this home already."""

    code = "SL-0701"


class PortTaken(Misconfigured):
    """Another program listens where ours should."""

    code = "SL-0702"


class DiskFull(Refused):
    """Too little space to begin with."""

    code = "SL-0703"


class NotUp(Retryable):
    """Something did not answer in time."""

    code = "SL-0704"


class HomeUnusable(Misconfigured):
    """The home folder cannot be made or written."""

    code = "SL-0705"


class WipeRefused(Refused):
    """Nothing was deleted: it was not confirmed, or it is not ours to delete."""

    code = "SL-0706"


class LakeChange(Refused):
    """A home whose Kafka holds events cannot change its lake: nobody could say what has landed."""

    code = "SL-0708"


class UnitMisconfigured(Misconfigured):
    """A process ended with exit code 2: starting it again would not help."""

    code = "SL-0707"
