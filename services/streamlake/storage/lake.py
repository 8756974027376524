"""Whose lake this is, and whether it can be trusted to create once: both asked before anything is landed."""

import re
import threading
from datetime import datetime
from typing import Final

import msgspec

from streamlake.errors import StreamlakeError, Unknown
from streamlake.storage.claim import FORMAT, Unreadable
from streamlake.storage.errors import AnswerLost, NotCreateOnly, OthersLake, StoreTrouble
from streamlake.storage.layout import LAKE, proof
from streamlake.storage.store import ObjectStore

_ROUNDS: Final = 3
_RACERS: Final = 8


class LakeIdentity(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands in `lake.json`. Created once, by the first deployment that lands here."""

    format: int = FORMAT
    id: str
    cluster_id: str
    deployment: str
    at: str


_decode: Final = msgspec.json.Decoder(LakeIdentity).decode


def read_lake(store: ObjectStore) -> LakeIdentity | None:
    """Who owns this lake; None where nothing has been landed yet."""
    data = store.read(LAKE)
    if data is None:
        return None
    try:
        return _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unreadable(f"{LAKE} in {store.url} is not a lake's identity of format {FORMAT}: {error}.") from error


def claim_lake(store: ObjectStore, cluster_id: str, deployment: str, now: datetime, id: str) -> LakeIdentity:
    """The lake's identity, written by this call if it had none. OthersLake if it is not ours.

    `id` names a new lake and is ignored for one that exists. Safe to repeat, and to race.
    """
    mine = LakeIdentity(id=id, cluster_id=cluster_id, deployment=deployment, at=now.isoformat())
    found = read_lake(store)
    if found is None:
        store.create(LAKE, [msgspec.json.encode(mine) + b"\n"])
        found = read_lake(store)
        if found is None:
            raise StoreTrouble(f"{LAKE} was created in {store.url} and cannot be read back yet.")
    if found.deployment != deployment:
        raise OthersLake(
            f"The lake at {store.url} belongs to the deployment {found.deployment!r}, this one is {deployment!r}.",
            next_step="Give this deployment a lake of its own with STREAMLAKE_LAKE_URL, "
            "or set STREAMLAKE_DEPLOYMENT if it is the same deployment.",
        )
    if found.cluster_id != cluster_id:
        raise OthersLake(
            f"The lake at {store.url} was landed from the Kafka cluster {found.cluster_id}, this one is {cluster_id}.",
            next_step="Point STREAMLAKE_BOOTSTRAP_SERVERS at the lake's own cluster, "
            "or give the new cluster a lake of its own with STREAMLAKE_LAKE_URL.",
        )
    return found


def prove_create_only(store: ObjectStore, deployment: str, host: str, now: datetime, nonce: str) -> None:
    """Race several creators for one name, and raise NotCreateOnly unless at most one wins and its bytes stay.

    `nonce` tells this proof from every other. The objects cannot be deleted, so their names repeat: a few tiny ones a
    day and host. A later proof of the same day finds them made, and proves that nobody can replace them.
    """
    owner = f"{_plain(deployment)}/{_plain(host)}"
    for round_ in range(_ROUNDS):
        _race(store, proof(owner, f"{now:%Y-%m-%d}", round_), f"{nonce}-{round_}")


def _plain(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_=-]", "_", text)[:64] or "_"


def _race(store: ObjectStore, name: str, nonce: str) -> None:
    before = store.read(name)
    bodies = [f"{nonce}-{racer}\n".encode() for racer in range(_RACERS)]
    answers: list[bool | StreamlakeError] = [False] * _RACERS
    gate = threading.Barrier(_RACERS)

    def run(racer: int) -> None:
        gate.wait()
        try:
            answers[racer] = store.create(name, [bodies[racer]])
        except StreamlakeError as error:
            answers[racer] = error

    threads = [threading.Thread(target=run, args=(racer,), name=f"proof-{racer}") for racer in range(_RACERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stored = store.read(name)
    _judge(store, name, before, stored, bodies, answers)
    again = store.create(name, [f"{nonce}-again\n".encode()])
    if again or store.read(name) != stored:
        raise _refuse(store, f"{name} existed and was created once more")


def _judge(
    store: ObjectStore,
    name: str,
    before: bytes | None,
    stored: bytes | None,
    bodies: list[bytes],
    answers: list[bool | StreamlakeError],
) -> None:
    """Raise unless what is stored and what the racers were told fit together."""
    winners = [racer for racer, answer in enumerate(answers) if answer is True]
    if len(winners) > 1:
        raise _refuse(store, f"{len(winners)} of {len(answers)} creators of {name} were told that they made it")
    if before is not None and (winners or stored != before):
        raise _refuse(store, f"{name} existed and was replaced")
    if winners and stored != bodies[winners[0]]:
        raise _refuse(store, f"{name} does not hold what its creator wrote")
    # A racer whose answer was lost may be the winner; any other error means that nothing is proven.
    errors = [answer for answer in answers if isinstance(answer, StreamlakeError)]
    for error in errors:
        if not isinstance(error, Unknown):
            raise error
    lost = [bodies[racer] for racer, answer in enumerate(answers) if isinstance(answer, Unknown)]
    if stored is None:
        raise AnswerLost(f"{name} cannot be read back from {store.url}; nothing is proven yet.")
    if not winners and stored in bodies and stored not in lost:
        raise _refuse(store, f"{name} was made by a creator who was told that it existed")


def _refuse(store: ObjectStore, what: str) -> NotCreateOnly:
    return NotCreateOnly(
        f"The store at {store.url} does not create once: {what}. Two consumers could overwrite each other there.",
        next_step="Use a local file system with hard links, or the real Google Cloud Storage; many emulators and "
        "network file systems cannot do this.",
    )
