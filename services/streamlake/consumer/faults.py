"""What the landing core finds wrong by itself. Everything else is raised by a port."""

from streamlake.errors import Misconfigured, Permanent, Retryable, Tripped


class TopicMissing(Retryable):
    """The topic does not exist (yet)."""

    code = "SL-0401"


class TopicChanged(Retryable):
    """The topic was deleted and created again: what was fetched is dropped, a new chain is opened."""

    code = "SL-0402"


class LogOverwritten(Permanent):
    """Offsets that were claimed hold other records now: the log was truncated and written again."""

    code = "SL-0403"


class ChainNotAdopted(Permanent):
    """The group has a committed offset, but the lake has no claim: another lake, or a lost one."""

    code = "SL-0404"


class OtherCluster(Permanent):
    """The chain was opened on another Kafka cluster."""

    code = "SL-0405"


class PartDiffers(Permanent):
    """A part of that name exists with other content."""

    code = "SL-0406"


class FetchSkipped(Retryable):
    """The client passed over offsets that Kafka has: what was fetched is dropped and read again."""

    code = "SL-0407"


class LedgerBroken(Permanent):
    """The chain's objects contradict each other."""

    code = "SL-0408"


class WrongTopic(Misconfigured):
    """A topic's settings would break what landing promises."""

    code = "SL-0412"


class MemberReplaced(Retryable):
    """Another process joined the group under this one's name, or Kafka took this one for two: start again."""

    code = "SL-0414"


class RecordsReplaced(Retryable):
    """Records that were read and not claimed yet were taken back by Kafka: they are dropped and read again."""

    code = "SL-0415"


class BreakerTripped(Tripped):
    """Too many rejections: nothing of the run that tripped the breaker is claimed before an operator resumes."""

    code = "SL-0413"
