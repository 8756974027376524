"""What a store may raise. Every adapter uses these, so that a caller never learns which adapter it holds."""

from streamlake.errors import EXIT_UNREACHABLE, Misconfigured, Permanent, Refused, Retryable, Unknown


class StoreFull(Retryable):
    """No room: the disk or a quota is full. Nothing was made visible; it goes on when there is room."""

    code = "SL-0301"


class StoreDenied(Permanent):
    """The store is read-only, or this account may not use it."""

    code = "SL-0302"


class StoreMissing(StoreDenied):
    """There is no store: its disk is not mounted, or nobody made its folder."""

    code = "SL-0309"
    exit_code = EXIT_UNREACHABLE


class WrongName(Misconfigured):
    """Not a name that an object can have; see `names.py`."""

    code = "SL-0303"


class AnswerLost(Unknown):
    """The object may be there, but whether it survives a power cut is not known. Repeat the same create."""

    code = "SL-0304"


class OthersLake(Refused):
    """The lake belongs to another Kafka cluster or to another deployment."""

    code = "SL-0305"


class NotCreateOnly(Refused):
    """The store let two creators of one name win, or replaced an object: nothing may be landed there."""

    code = "SL-0306"


class UnknownStore(Misconfigured):
    """The lake's URL names no store that we have."""

    code = "SL-0307"


class StoreTrouble(Retryable):
    """The store failed in a way that may pass: an I/O error, a stale handle, a 503, no answer in time."""

    code = "SL-0308"


class StoreBusy(Retryable):
    """The bucket takes fewer requests than were made: a rate limit or a quota. Nothing was done."""

    code = "SL-0311"


class StoreCorrupted(Permanent):
    """What was stored or read is not what its checksum says, time and again."""

    code = "SL-0312"


class NoCredentials(StoreDenied):
    """Nobody vouches for this process at the bucket: no credentials, or expired ones that cannot be renewed."""

    code = "SL-0313"


class UnknownPartFormat(Permanent):
    """A part ends in a suffix that this release cannot write: its claim is of a newer one. The partition stops."""

    code = "SL-0314"
