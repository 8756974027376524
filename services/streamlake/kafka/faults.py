"""Each of librdkafka's error codes, and which of our errors it becomes. One table, walked by a test."""

from typing import Final

from confluent_kafka import KafkaError, KafkaException

from streamlake.errors import StreamlakeError
from streamlake.kafka.errors import (
    AlreadyExists,
    ClientBroken,
    DataDamaged,
    Denied,
    KafkaUnavailable,
    OutcomeUnknown,
    OwnershipLost,
    RecordTooLarge,
    SendQueueFull,
    TopicMissing,
    Unforeseen,
    WrongClientSetting,
)

_E = KafkaError

_NAMES: Final[dict[type[StreamlakeError], str]] = {
    # Nothing was done.
    KafkaUnavailable: """
        LEADER_NOT_AVAILABLE NOT_LEADER_FOR_PARTITION BROKER_NOT_AVAILABLE REPLICA_NOT_AVAILABLE STALE_CTRL_EPOCH
        COORDINATOR_LOAD_IN_PROGRESS COORDINATOR_NOT_AVAILABLE NOT_COORDINATOR NOT_ENOUGH_REPLICAS NOT_CONTROLLER
        KAFKA_STORAGE_ERROR LOG_DIR_NOT_FOUND REASSIGNMENT_IN_PROGRESS NO_REASSIGNMENT_IN_PROGRESS
        FETCH_SESSION_ID_NOT_FOUND INVALID_FETCH_SESSION_EPOCH LISTENER_NOT_FOUND FENCED_LEADER_EPOCH
        UNKNOWN_LEADER_EPOCH STALE_BROKER_EPOCH OFFSET_NOT_AVAILABLE PREFERRED_LEADER_NOT_AVAILABLE
        ELIGIBLE_LEADERS_NOT_AVAILABLE ELECTION_NOT_NEEDED UNSTABLE_OFFSET_COMMIT THROTTLING_QUOTA_EXCEEDED
        CONCURRENT_TRANSACTIONS UNKNOWN_TOPIC_ID INCONSISTENT_TOPIC_ID REBOOTSTRAP_REQUIRED UNKNOWN_CONTROLLER_ID
        INVALID_REGISTRATION FEATURE_UPDATE_FAILED INCONSISTENT_VOTER_SET VOTER_NOT_FOUND DUPLICATE_VOTER
        INVALID_VOTER_KEY OPERATION_NOT_ATTEMPTED PRINCIPAL_DESERIALIZATION_FAILURE
        _ALL_BROKERS_DOWN _RESOLVE _WAIT_COORD _WAIT_CACHE _PURGE_QUEUE _RETRY _INTR _IN_PROGRESS _PREV_IN_PROGRESS
        _TIMED_OUT_QUEUE _ISR_INSUFF _NODE_UPDATE _DESTROY_BROKER _UNKNOWN_BROKER _OUTDATED _PARTIAL _UNDERFLOW
        _NOOP _PARTITION_EOF _NO_OFFSET _NOENT
    """,
    # It was sent, or may have been: for what only reads, this is the same as above.
    OutcomeUnknown: """
        REQUEST_TIMED_OUT NETWORK_EXCEPTION NOT_ENOUGH_REPLICAS_AFTER_APPEND UNKNOWN
        _TRANSPORT _TIMED_OUT _MSG_TIMED_OUT _PURGE_INFLIGHT _DESTROY _FAIL
    """,
    Denied: """
        TOPIC_AUTHORIZATION_FAILED GROUP_AUTHORIZATION_FAILED CLUSTER_AUTHORIZATION_FAILED
        TRANSACTIONAL_ID_AUTHORIZATION_FAILED DELEGATION_TOKEN_AUTHORIZATION_FAILED SASL_AUTHENTICATION_FAILED
        ILLEGAL_SASL_STATE UNSUPPORTED_SASL_MECHANISM SECURITY_DISABLED DELEGATION_TOKEN_AUTH_DISABLED
        DELEGATION_TOKEN_NOT_FOUND DELEGATION_TOKEN_OWNER_MISMATCH DELEGATION_TOKEN_REQUEST_NOT_ALLOWED
        DELEGATION_TOKEN_EXPIRED INVALID_PRINCIPAL_TYPE UNACCEPTABLE_CREDENTIAL POLICY_VIOLATION
        TOPIC_DELETION_DISABLED _AUTHENTICATION _SSL
    """,
    WrongClientSetting: """
        INVALID_CONFIG INVALID_PARTITIONS INVALID_REPLICATION_FACTOR INVALID_REPLICA_ASSIGNMENT INVALID_REQUEST
        INVALID_REQUIRED_ACKS INVALID_SESSION_TIMEOUT INVALID_GROUP_ID INCONSISTENT_GROUP_PROTOCOL TOPIC_EXCEPTION
        INVALID_TRANSACTION_TIMEOUT INVALID_COMMIT_OFFSET_SIZE OFFSET_METADATA_TOO_LARGE UNSUPPORTED_VERSION
        UNSUPPORTED_FOR_MESSAGE_FORMAT UNSUPPORTED_COMPRESSION_TYPE UNSUPPORTED_ASSIGNOR UNSUPPORTED_ENDPOINT_TYPE
        MISMATCHED_ENDPOINT_TYPE INVALID_REGULAR_EXPRESSION INVALID_UPDATE_VERSION GROUP_MAX_SIZE_REACHED
        INVALID_TIMESTAMP STREAMS_INVALID_TOPOLOGY STREAMS_INVALID_TOPOLOGY_EPOCH STREAMS_TOPOLOGY_FENCED
        TELEMETRY_TOO_LARGE UNKNOWN_SUBSCRIPTION_ID GROUP_SUBSCRIBED_TO_TOPIC INVALID_RECORD
        _INVALID_ARG _NOT_CONFIGURED _NOT_IMPLEMENTED _UNSUPPORTED_FEATURE _UNKNOWN_PROTOCOL _INVALID_TYPE
        _CONFLICT _EXISTING_SUBSCRIPTION _FS _READ_ONLY _INCONSISTENT _INVALID_DIFFERENT_RECORD
        _KEY_SERIALIZATION _VALUE_SERIALIZATION _KEY_DESERIALIZATION _VALUE_DESERIALIZATION
    """,
    TopicMissing: "UNKNOWN_TOPIC_OR_PART RESOURCE_NOT_FOUND _UNKNOWN_TOPIC _UNKNOWN_PARTITION",
    RecordTooLarge: "MSG_SIZE_TOO_LARGE RECORD_LIST_TOO_LARGE",
    SendQueueFull: "_QUEUE_FULL",
    ClientBroken: """
        OUT_OF_ORDER_SEQUENCE_NUMBER DUPLICATE_SEQUENCE_NUMBER INVALID_PRODUCER_EPOCH INVALID_TXN_STATE
        INVALID_PRODUCER_ID_MAPPING TRANSACTION_COORDINATOR_FENCED UNKNOWN_PRODUCER_ID PRODUCER_FENCED
        TRANSACTION_ABORTABLE _FATAL _FENCED _STATE _CRIT_SYS_RESOURCE _GAPLESS_GUARANTEE _APPLICATION
    """,
    OwnershipLost: """
        ILLEGAL_GENERATION UNKNOWN_MEMBER_ID REBALANCE_IN_PROGRESS MEMBER_ID_REQUIRED FENCED_INSTANCE_ID
        FENCED_MEMBER_EPOCH UNRELEASED_INSTANCE_ID STALE_MEMBER_EPOCH FENCED_STATE_EPOCH NON_EMPTY_GROUP
        GROUP_ID_NOT_FOUND INVALID_RECORD_STATE SHARE_SESSION_NOT_FOUND INVALID_SHARE_SESSION_EPOCH
        SHARE_SESSION_LIMIT_REACHED _ASSIGNMENT_LOST _MAX_POLL_EXCEEDED _UNKNOWN_GROUP _ASSIGN_PARTITIONS
        _REVOKE_PARTITIONS
    """,
    DataDamaged: "INVALID_MSG INVALID_MSG_SIZE _BAD_MSG _BAD_COMPRESSION",
    AlreadyExists: "TOPIC_ALREADY_EXISTS DUPLICATE_RESOURCE",
    # On which side they are out of range only the log's bounds say: whoever reads asks, and raises the right one.
    Unforeseen: "OFFSET_OUT_OF_RANGE _AUTO_OFFSET_RESET _LOG_TRUNCATION NO_ERROR",
}
TABLE: Final[dict[int, type[StreamlakeError]]] = {
    getattr(_E, name): error for error, names in _NAMES.items() for name in names.split()
}

_NEXT: Final[dict[type[StreamlakeError], str]] = {
    KafkaUnavailable: "Is Kafka running, and is STREAMLAKE_BOOTSTRAP_SERVERS its address?",
    OutcomeUnknown: "It is looked up or repeated; nothing needs to be done.",
    Denied: "Check the credentials and Kafka's access lists.",
    TopicMissing: "`streamlake topics apply` creates what contracts ask for.",
    ClientBroken: "Start the process again.",
}


_UNPROVEN: Final = ("_AUTHENTICATION", "_SSL", "SASL_AUTHENTICATION_FAILED", "UNSUPPORTED_SASL_MECHANISM")
_PROVE: Final = "Are user, password and certificates those of Kafka? STREAMLAKE_KAFKA_CLIENT_FILE names their file."
_ALLOW: Final = "No access list of Kafka allows this user to do it; `streamlake access plan` shows what is missing."


def _next_step(kind: type[StreamlakeError], error: KafkaError) -> str:
    if kind is Denied:
        name = error.name()
        return _ALLOW if name.endswith("AUTHORIZATION_FAILED") else _PROVE if name in _UNPROVEN else _NEXT[kind]
    return _NEXT.get(kind, "")


def error_of(error: KafkaError, doing: str = "", *, wrote: bool = True) -> StreamlakeError:
    """What a client's error means to us. `wrote=False` says that nothing was asked for but to read."""
    kind = ClientBroken if error.fatal() else TABLE.get(error.code(), Unforeseen)
    if kind is OutcomeUnknown and not wrote:
        kind = KafkaUnavailable
    where = f"{doing}: " if doing else ""
    return kind(f"{where}{error.str()} ({error.name()}).", next_step=_next_step(kind, error))


def error_of_exception(error: KafkaException, doing: str = "", *, wrote: bool = True) -> StreamlakeError:
    """The same for the exception that carries it."""
    cause = error.args[0] if error.args else None
    if isinstance(cause, KafkaError):
        return error_of(cause, doing, wrote=wrote)
    return Unforeseen(f"{doing}: {error}")
