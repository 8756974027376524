"""What must hold before anything is landed."""

from streamlake.consumer.faults import TopicMissing, WrongTopic
from streamlake.kafka.admin import Admin
from streamlake.kafka.names import dlq_topic, raw_topic


def require_topics(admin: Admin, dataset: str) -> None:
    """Both topics exist, delete by time and stamp records by the broker's clock; a consumer refuses others.

    Compaction would take records out of the middle of claimed ranges, and a producer's timestamps would name folders.
    """
    for name in (raw_topic(dataset), dlq_topic(dataset)):
        topic = admin.topic(name)
        if topic is None:
            raise TopicMissing(f"Topic {name} does not exist.", next_step="`streamlake topics apply` creates it.")
        for setting, wanted in (("cleanup.policy", "delete"), ("message.timestamp.type", "LogAppendTime")):
            found = topic.config.get(setting)
            if found != wanted:
                raise WrongTopic(
                    f"Topic {name} has {setting}={found}, it must be {wanted}.",
                    next_step="`streamlake topics apply` sets it.",
                )
