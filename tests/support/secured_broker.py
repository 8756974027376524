"""A real Kafka that asks who is there: SCRAM on one listener, access lists, and nothing allowed without one."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from confluent_kafka.admin import (  # type: ignore[attr-defined]  # half typed
    AclBinding,
    AclOperation,
    AclPermissionType,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)

from tests.support.broker import BrokerUnderTest, free_port

SUPER_USER = "streamlake-admin"
REAUTHENTICATE_MS = 3000
"""How long a login lasts on this broker: a credential that is taken away is noticed within it."""


class SecuredBroker(BrokerUnderTest):
    """The plain port is the test's own, for a super user; `secured` is what the product is given."""

    def __init__(self, home: Path, extra: Mapping[str, str] | None = None) -> None:
        super().__init__(home)
        self.secured_port, controller = free_port(), free_port()
        plain = self.place.port
        settings = {
            "listeners": f"PLAINTEXT://127.0.0.1:{plain},CLIENTS://127.0.0.1:{self.secured_port},"
            f"CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{plain},CLIENTS://127.0.0.1:{self.secured_port}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,CLIENTS:SASL_PLAINTEXT",
            "controller.quorum.voters": f"1@127.0.0.1:{controller}",
            "sasl.enabled.mechanisms": "SCRAM-SHA-512",
            "listener.name.clients.scram-sha-512.sasl.jaas.config": (
                "org.apache.kafka.common.security.scram.ScramLoginModule required;"
            ),
            "connections.max.reauth.ms": str(REAUTHENTICATE_MS),
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "allow.everyone.if.no.acl.found": "false",
            "super.users": f"User:ANONYMOUS;User:{SUPER_USER}",
        }
        extra_settings = {**self.place.extra, **settings, **(extra or {})}
        object.__setattr__(self.place, "extra", extra_settings)

    @property
    def secured(self) -> str:
        """The address that asks for a password."""
        return f"127.0.0.1:{self.secured_port}"

    def set_password(self, user: str, password: str) -> None:
        """From now on this user logs in with this password."""
        info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
        self._alter(UserScramCredentialUpsertion(user, info, password.encode()))

    def forget(self, user: str) -> None:
        """From now on this user cannot log in."""
        self._alter(UserScramCredentialDeletion(user, ScramMechanism.SCRAM_SHA_512))

    def _alter(self, change: UserScramCredentialAlteration) -> None:
        admin = self.admin()
        for future in admin.alter_user_scram_credentials([change]).values():
            future.result(20)

    def allow(self, user: str, kind: str, name: str, *operations: str) -> None:
        """Let this user do these on one topic or group: `allow("api", "topic", "t", "write")`."""
        admin = self.admin()
        for future in admin.create_acls([_binding(user, kind, name, o) for o in operations]).values():
            future.result(20)


def _binding(user: str, kind: str, name: str, operation: str) -> AclBinding:
    return AclBinding(
        ResourceType[kind.upper()],
        name,
        ResourcePatternType.LITERAL,
        f"User:{user}",
        "*",
        AclOperation[operation.upper()],
        AclPermissionType.ALLOW,
    )


@contextmanager
def secured_broker(home: Path) -> Iterator[SecuredBroker]:
    """One that is started, and ended."""
    made = SecuredBroker(home)
    made.start()
    try:
        yield made
    finally:
        made.kill()


def client_file(path: Path, user: str, password: str) -> Path:
    """What STREAMLAKE_KAFKA_CLIENT_FILE names."""
    path.write_text(
        f"security.protocol=SASL_PLAINTEXT\nsasl.mechanism=SCRAM-SHA-512\nsasl.username={user}\n"
        f"sasl.password={password}\n"
    )
    path.chmod(0o600)
    return path
