"""Is this the name of a dataset that we know? Asked before a name becomes a path or a topic."""

from streamlake.contract.problems import WrongContract
from streamlake.registry.files import FileRegistry
from streamlake.registry.registry import UnknownDataset
from streamlake.settings import Settings
from streamlake.storage import layout
from streamlake.storage.store import ObjectStore


def require_dataset(settings: Settings, dataset: str, store: ObjectStore | None = None) -> None:
    """UnknownDataset unless a contract names it, or the lake has a ledger of it: contracts may have been removed.

    A contract that is broken is no reason to refuse a look at what was landed under it.
    """
    if layout.DATASET_NAME.fullmatch(dataset) is None:
        raise UnknownDataset(dataset, _known(settings))
    if store is not None and next(store.list_from(layout.ledger_prefix(dataset), limit=1), None) is not None:
        return
    if dataset not in _known(settings):
        is_draft = (settings.contracts_dir / dataset / "contract.yaml").is_file()
        raise UnknownDataset(dataset, _known(settings), is_draft=is_draft)


def _known(settings: Settings) -> tuple[str, ...]:
    try:
        return FileRegistry(settings.contracts_dir).datasets()
    except WrongContract:
        return tuple(sorted(folder.parent.name for folder in settings.contracts_dir.glob("*/contract.yaml")))
