"""Who may do what in Kafka: one grant a line, made from the datasets' names. Pure, but for `Access` below.

Nothing is allowed without a grant, and each unit gets what its program asks for: the API writes, a consumer reads its
own dataset, writes its dead letters and commits in its own group. The admin's user is a super user and has no grants.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from confluent_kafka.admin import (  # type: ignore[attr-defined]  # half typed
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from streamlake.kafka.admin import Admin
from streamlake.kafka.names import consumer_group, dlq_topic, raw_topic

API: Final = "streamlake-api"
CONSUMER: Final = "streamlake-consumer-"
READERS: Final = "streamlake-reader"
"""Reads by assignment join no group, but the client asks for a group's coordinator all the same."""
_ITERATIONS: Final = 8192


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """This user may do this with the topic or group of this name."""

    user: str
    kind: str
    name: str
    operation: str

    @property
    def ours(self) -> bool:
        """Whether StreamLake gave it: grants of others are none of our business."""
        return self.user == API or self.user.startswith(CONSUMER)


def wanted(datasets: Iterable[str]) -> frozenset[Grant]:
    """Every grant that these datasets need."""
    grants = set()
    for dataset in datasets:
        raw, dlq, consumer = raw_topic(dataset), dlq_topic(dataset), CONSUMER + dataset
        grants |= {Grant(API, "topic", topic, "write") for topic in (raw, dlq)}
        for topic in (raw, dlq):
            grants |= {Grant(consumer, "topic", topic, operation) for operation in ("read", "describe_configs")}
        grants.add(Grant(consumer, "topic", dlq, "write"))
        grants.add(Grant(consumer, "group", consumer_group(dataset), "read"))
        grants.add(Grant(consumer, "group", READERS, "describe"))
    return frozenset(grants)


class Access:
    """Reads and changes grants and passwords, as the admin's user. Repeating a change is harmless."""

    def __init__(self, admin: Admin) -> None:
        self._admin = admin

    def grants(self) -> frozenset[Grant]:
        """All that Kafka has which are of the kind that StreamLake makes."""
        every: Any = None  # the package types it as text, and means "any" by it
        kinds = ResourceType.ANY, every, ResourcePatternType.ANY
        anything = AclBindingFilter(*kinds, every, every, AclOperation.ANY, AclPermissionType.ANY)
        client = self._admin.client
        found = self._admin.wait(client.describe_acls(anything, request_timeout=10), "reading the access lists")
        plain = (
            b
            for b in found
            if b.permission_type == AclPermissionType.ALLOW
            and b.resource_pattern_type == ResourcePatternType.LITERAL
            and b.host == "*"
        )
        return frozenset(
            Grant(b.principal.removeprefix("User:"), b.restype.name.lower(), b.name, b.operation.name.lower())
            for b in plain
        )

    def give(self, grants: Iterable[Grant]) -> None:
        """Make these."""
        bindings = [_binding(grant) for grant in grants]
        futures = self._admin.client.create_acls(bindings, request_timeout=10) if bindings else {}
        for future in futures.values():
            self._admin.wait(future, "writing the access lists", wrote=True)

    def withdraw(self, grants: Iterable[Grant]) -> None:
        """Take these away."""
        filters = [_filter(grant) for grant in grants]
        futures = self._admin.client.delete_acls(filters, request_timeout=10) if filters else {}
        for future in futures.values():
            self._admin.wait(future, "writing the access lists", wrote=True)

    def set_password(self, user: str, password: str) -> None:
        """From now on this user logs in with this password and no other."""
        info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, _ITERATIONS)
        change = UserScramCredentialUpsertion(user, info, password.encode())
        futures = self._admin.client.alter_user_scram_credentials([change], request_timeout=10)
        self._admin.wait(futures[user], f"setting the password of {user}", wrote=True)


def _binding(grant: Grant) -> AclBinding:
    return AclBinding(*_terms(grant))


def _filter(grant: Grant) -> AclBindingFilter:
    return AclBindingFilter(*_terms(grant))


def _terms(grant: Grant) -> tuple[Any, ...]:
    return (
        ResourceType[grant.kind.upper()],
        grant.name,
        ResourcePatternType.LITERAL,
        f"User:{grant.user}",
        "*",
        AclOperation[grant.operation.upper()],
        AclPermissionType.ALLOW,
    )
