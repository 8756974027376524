"""What the dispatcher says no with. The exit code is the whole answer to a program, the sentence to a person."""

from streamlake.errors import EXIT_HALFWAY, Misconfigured, Refused, Retryable, Unknown


class WrongRequest(Misconfigured):
    """Not one verb and one JSON object of the right shape; nothing was touched."""

    code = "SL-0901"


class UnknownDataset(Misconfigured):
    """No contract and no unit of this host has that name."""

    code = "SL-0902"


class Busy(Retryable):
    """Another request is at work on the same unit."""

    code = "SL-0903"


class HostNotReady(Retryable):
    """systemd, a file or a folder that the dispatcher needs cannot be reached."""

    code = "SL-0904"


class NotAllowed(Refused):
    """systemd did not let this account do it."""

    code = "SL-0905"


class StillRunning(Unknown):
    """The time was up before systemd was done; the job goes on."""

    code = "SL-0906"
    exit_code = EXIT_HALFWAY


class ControlFailed(Refused):
    """`streamlake consumer pause|resume` did not do it."""

    code = "SL-0907"
