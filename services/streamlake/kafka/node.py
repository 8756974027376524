"""What a one-machine Kafka node is told: its properties, its logging, its JVM's flags. Pure."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

HEAP: Final = ("-Xms64m", "-Xmx256m")
# Serial collector, first compiler tier and small stacks: 150 MB resident and ready in 2 to 3 s; else 250 MB and 4.5 s.
FLAGS: Final = (
    *("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xss512k", "-Djava.awt.headless=true"),
    *("-Xlog:disable", "-Xlog:all=error:stderr"),
)

LOGGING: Final = """\
status = warn
appender.file.type = RollingFile
appender.file.name = file
appender.file.fileName = {log}
appender.file.filePattern = {log}.%i
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = [%d] %p %m (%c)%n
appender.file.policies.type = Policies
appender.file.policies.size.type = SizeBasedTriggeringPolicy
appender.file.policies.size.size = 10MB
appender.file.strategy.type = DefaultRolloverStrategy
appender.file.strategy.max = 3
rootLogger.level = warn
rootLogger.appenderRef.file.ref = file
logger.server.name = kafka.server.KafkaRaftServer
logger.server.level = info
logger.version.name = org.apache.kafka.common.utils.AppInfoParser
logger.version.level = info
"""


def unusable(path: Path) -> str | None:
    """The character for which Java, Kafka or log4j would take this path apart; None if there is none."""
    return next((character for character in str(path) if character in ",:;%$*\\\n\r"), None)


def escaped(text: str) -> str:
    """Properties files are read as Latin-1: everything else is spelt out, for paths in any script."""
    units = ((character, character.encode("utf-16-be").hex(" ", 2).split()) for character in text)
    return "".join(character if character.isascii() else "".join(f"\\u{unit}" for unit in u) for character, u in units)


def properties(
    data: Path, port: int, controller_port: int, *, durable: bool, extra: Mapping[str, str] | None = None
) -> str:
    """The node's `server.properties`: broker and controller in one process, reached from this machine only."""
    settings = {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
        "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "inter.broker.listener.name": "PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": escaped(str(data)),
        # A topic exists because a contract says so, never because somebody mistyped its name.
        "auto.create.topics.enable": "false",
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "1",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "1",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "share.coordinator.state.topic.num.partitions": "1",
        "group.initial.rebalance.delay.ms": "0",
        # After a kill, a restart waits for the old session to end: 5 s with these, 13 s with the defaults.
        "broker.session.timeout.ms": "3000",
        "broker.heartbeat.interval.ms": "500",
        "num.network.threads": "2",
        "num.io.threads": "4",
        "background.threads": "2",
        # The cleaner's default buffer of 128 MiB does not fit the heap.
        "log.cleaner.dedupe.buffer.size": "4194304",
    }
    if durable:
        # Without it one broker acknowledges before the disk has it: a power cut may take what was acknowledged.
        settings["log.flush.interval.messages"] = "1"
    settings.update(extra or {})
    return "".join(f"{name}={value}\n" for name, value in settings.items())


def class_path(libs: Path, jars: Sequence[str]) -> str:
    """The jars in the lock's order: a class archive is only valid for the same ones in the same order."""
    return ":".join(str(libs / jar) for jar in jars)
