"""`streamlake units`: which units the contracts ask for, and what each is given."""

import os
from dataclasses import asdict

from rich.console import Console

from streamlake.cli import output
from streamlake.registry.files import FileRegistry
from streamlake.registry.units import units_of
from streamlake.settings import load


def units(as_json: output.AsJson = False) -> None:
    """List the systemd units that this host's contracts and settings ask for, with their drop-ins. Changes nothing.

    Example: streamlake units
    """
    settings = load(os.environ)
    registry = FileRegistry(settings.contracts_dir)
    found = units_of(map(registry.current, registry.datasets()), settings.api_workers)

    def draw(console: Console) -> None:
        rows = [(u.name, u.dataset, "; ".join(u.drop_in.splitlines()[2:])) for u in found]
        console.print(output.table(("unit", "dataset", "drop-in"), rows))

    document = {"units": [asdict(unit) | {"path": unit.path} for unit in found]}
    output.answer(document, draw, as_json=as_json, suggest=[f"systemctl status '{u.name}'" for u in found[:1]])
