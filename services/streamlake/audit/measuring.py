"""Is a part as large as its claim says? Asked without reading it: by the size of its lines that it tells itself."""

from streamlake.audit.findings import Finding
from streamlake.audit.part_rules import judge_part, read_part
from streamlake.storage.claim import Claim
from streamlake.storage.part_reader import DamagedPart, promised
from streamlake.storage.store import ObjectStore

_MODULO = 1 << 32


def measure(store: ObjectStore, claim: Claim) -> list[Finding]:
    """What is wrong with the size of a part that is there and was never amended. Where it tells another size, it is
    read: gzip may consist of several members, and then only reading tells.
    """
    name = str(claim.part)
    size = store.size(name)
    if size is not None and _fits(store, name, size, claim.size):
        return []
    return list(judge_part(claim, (), read_part(store, claim)))


def _fits(store: ObjectStore, name: str, stored: int, of_lines: int) -> bool:
    if stored == 0:
        return name.endswith(".json") and of_lines == 0
    try:
        told = promised(store, name, stored)
    except DamagedPart:
        return False
    return told is None or told == (of_lines % _MODULO if name.endswith(".gz") else of_lines)
