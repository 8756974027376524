"""`streamlake chain`: which logs the lake has read, and the two ways to begin one by hand."""

import datetime
import os
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import typer

from streamlake.cli import output
from streamlake.consumer.chains import chains_of
from streamlake.consumer.commit_manager import CommitManager
from streamlake.consumer.effects import Letter
from streamlake.consumer.place import Place
from streamlake.consumer.world import RealWorld
from streamlake.errors import Misconfigured, Permanent
from streamlake.kafka.admin import Admin
from streamlake.kafka.client_file import security_of
from streamlake.kafka.names import consumer_group, dlq_topic, raw_topic
from streamlake.kafka.reader import Reader
from streamlake.recovery.generations import Generations, drive
from streamlake.registry.files import FileRegistry
from streamlake.settings import load
from streamlake.storage import layout
from streamlake.storage.open import open_store

app = typer.Typer(
    help="Which logs the lake has read; begin one by hand.\n\nExample: streamlake chain show orders",
    no_args_is_help=True,
)
Dataset = Annotated[str, typer.Argument(help="The dataset.")]
TopicName = Annotated[str, typer.Option("--topic", help="Its raw topic, or its dead letter topic.")]


@app.command()
def show(dataset: Dataset, as_json: output.AsJson = False) -> None:
    """List the chains of a dataset, oldest first.

    Example: streamlake chain show orders
    """
    world = _world(dataset)
    found = []
    for place in _places(dataset):
        found += [opening for _, opening in drive(chains_of(place), world.perform)]
    rows = [
        {"topic": o.topic, "topic_id": o.topic_id, "generation": o.generation, "reason": o.reason, "at": o.at}
        for o in sorted(found, key=lambda o: o.at)
    ]
    table = output.table(["topic", "topic_id", "generation", "reason", "at"], [list(row.values()) for row in rows])
    output.answer({"dataset": dataset, "chains": rows}, lambda console: console.print(table), as_json=as_json)


@app.command()
def adopt(dataset: Dataset, topic: TopicName = "", as_json: output.AsJson = False) -> None:
    """Begin a chain though the group has committed offsets: the lake is the right one, and it is new.

    Example: streamlake chain adopt orders
    """
    world = _world(dataset)
    opening = world.adopt(_place(dataset, topic), _now())
    said = f"chain of {opening.topic} ({opening.topic_id}) begins in this lake; every offset that Kafka has will land"
    output.answer(
        {"dataset": dataset, "topic": opening.topic, "topic_id": opening.topic_id, "changed": True},
        lambda console: console.print(said),
        as_json=as_json,
        suggest=[f"streamlake status {dataset}"],
    )


@app.command()
def fork(
    dataset: Dataset,
    topic: TopicName = "",
    apply: Annotated[bool, typer.Option("--apply", help="Open the generation; without it, only show.")] = False,
    as_json: output.AsJson = False,
) -> None:
    """Open the next generation of a log that was truncated and written again.

    Example: streamlake chain fork orders --topic streamlake.orders.raw --apply
    """
    world = _world(dataset)
    plan = world.plan_fork(_place(dataset, topic))
    if apply:
        world.fork(plan, _now())
    rows = [(p, plan.heads[p], start, plan.heads[p] - start) for p, start in plan.starts.items()]
    table = output.table(["partition", "claimed up to", "lands again from", "offsets that hold other records"], rows)
    again = f"streamlake chain fork {dataset} --topic {plan.place.topic} --apply"
    output.answer(
        {
            "dataset": dataset,
            "topic": plan.place.topic,
            "before": str(plan.before),
            "chain": str(plan.chain),
            "starts": {str(p): start for p, start in plan.starts.items()},
            "heads": {str(p): head for p, head in plan.heads.items()},
            "changed": apply,
        },
        lambda console: console.print(
            table, f"opened {plan.chain}" if apply else f"nothing was changed; to apply: {again}"
        ),
        as_json=as_json,
        suggest=[f"streamlake audit {dataset}"] if apply else [again],
    )


def _places(dataset: str) -> list[Place]:
    return [
        Place(dataset, raw_topic(dataset), 0, layout.RAW),
        Place(dataset, dlq_topic(dataset), 0, layout.DEAD_LETTERS),
    ]


def _place(dataset: str, topic: str) -> Place:
    for place in _places(dataset):
        if place.topic == (topic or raw_topic(dataset)):
            return place
    raise Misconfigured(
        f"{topic!r} is not a topic of {dataset}.", next_step=f"Name {raw_topic(dataset)} or {dlq_topic(dataset)}."
    )


def _world(dataset: str) -> Generations:
    settings = load(os.environ)
    FileRegistry(settings.contracts_dir, dataset=dataset).current(dataset)
    security = security_of(settings)
    store, admin = open_store(settings.lake_url), Admin(settings.bootstrap_servers, security=security)
    reader = Reader(settings.bootstrap_servers, admin=admin, security=security)
    world = RealWorld(store, admin, reader, _no_letters, CommitManager(), consumer_group(dataset))
    return Generations(store, admin, reader, world.perform)


def _no_letters(source_topic: str, topic_id: UUID, partition: int, letters: Sequence[Letter]) -> None:
    raise Permanent("Nothing is dead-lettered by hand.")


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
