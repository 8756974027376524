"""`streamlake consume`: what the unit `streamlake-consumer@DATASET` starts."""

import faulthandler
import os
from typing import Annotated

import typer

from streamlake.settings import load


def consume(
    dataset: Annotated[str, typer.Argument(help="The dataset; `orders.2` is a second process of `orders`.")],
) -> None:
    """Land a dataset's events in the lake until it is asked to stop.

    Example: streamlake consume orders
    """
    # Here, for it brings Kafka's client and the landing core, which no other command needs.
    from streamlake.consumer import main

    faulthandler.enable()  # a watchdog's SIGABRT then says where each thread stood
    name, _, instance = dataset.partition(".")
    raise typer.Exit(main.run(load(os.environ), name, instance))
