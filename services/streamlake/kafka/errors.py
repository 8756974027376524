"""What can go wrong with Kafka, each with its disposition, its id and its page.

SL-0201 to SL-0219 come from clients (`faults.error_of` maps librdkafka's codes onto them), SL-0220 to SL-0229 from
installing and running a broker, SL-0230 on from dead letters and topics.
"""

from streamlake.errors import Misconfigured, Permanent, Refused, Rejected, Retryable, Unknown


class KafkaUnavailable(Retryable):
    """Nothing was done: a broker is down, moving or slow."""

    code = "SL-0201"


class OutcomeUnknown(Unknown):
    """The request was sent and the answer was lost: it may have been done."""

    code = "SL-0202"


class Denied(Permanent):
    """Kafka refuses these credentials, or what they ask for."""

    code = "SL-0203"


class WrongClientSetting(Misconfigured):
    """A client or topic setting that Kafka does not take."""

    code = "SL-0204"


class TopicMissing(Permanent):
    """Kafka does not have this topic or partition."""

    code = "SL-0205"


class OffsetOutOfRange(Permanent):
    """Kafka has no such offset. Never raised itself: one of the two below says on which side."""

    code = "SL-0206"

    def __init__(self, topic: str, partition: int, offset: int, start: int, end: int) -> None:
        super().__init__(
            f"offset {offset} of {topic}/{partition} {self.side} ({start} to {end}).", next_step="See the runbook."
        )
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.start = start
        self.end = end

    side = "is outside what Kafka holds"


class BelowLogStart(OffsetOutOfRange):
    """Retention removed it."""

    code = "SL-0206"
    side = "was removed by retention: it is below what Kafka holds"


class AboveLogEnd(OffsetOutOfRange):
    """The log was truncated, or this is another log: never reset, never a gap."""

    code = "SL-0207"
    side = "is above what Kafka holds, so the log was truncated"


class RecordTooLarge(Rejected):
    """The record is larger than its topic takes."""

    code = "SL-0208"


class SendQueueFull(Retryable):
    """The producer holds as much as it may: back-pressure."""

    code = "SL-0209"


class ClientBroken(Permanent):
    """This client object cannot go on; a new one can."""

    code = "SL-0210"


class OwnershipLost(Retryable):
    """The group gave the partition to another member; what this one asked for was not done."""

    code = "SL-0211"


class DataDamaged(Permanent):
    """What Kafka sent does not match its checksum, or cannot be unpacked."""

    code = "SL-0212"


class AlreadyExists(Refused):
    """The topic is there already."""

    code = "SL-0213"


class Unforeseen(Permanent):
    """Kafka answered with something that StreamLake has no rule for."""

    code = "SL-0214"


class NoJava(Misconfigured):
    """No Java 17 or newer, and none could be installed."""

    code = "SL-0220"


class DownloadFailed(Retryable):
    """Kafka's jars could not be fetched."""

    code = "SL-0221"


class WrongChecksum(Refused):
    """A file is not the one that was pinned."""

    code = "SL-0222"


class NoRoom(Permanent):
    """The disk is full or not writable."""

    code = "SL-0223"


class PortInUse(Misconfigured):
    """Something else listens where Kafka should."""

    code = "SL-0224"


class BrokerFailed(Permanent):
    """Kafka ended by itself, or could not be set up."""

    code = "SL-0225"


class NoJarSource(Misconfigured):
    """There is no `mvn`, and no address to download from."""

    code = "SL-0226"


class BrokerNotReady(Retryable):
    """Kafka runs but did not answer in time."""

    code = "SL-0227"


class UnusableFolder(Misconfigured):
    """Java or Kafka would take the folder's name apart."""

    code = "SL-0228"


class DeadLetterTooLarge(Rejected):
    """A dead letter is larger than the dead letter topic takes."""

    code = "SL-0230"


class NotADeadLetter(Rejected):
    """A record of a dead letter topic that StreamLake did not write."""

    code = "SL-0231"


class TopicDiffers(Refused):
    """A change to a topic that is not made without being told to."""

    code = "SL-0240"
