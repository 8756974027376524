"""Is a part as large as its claim says? Asked without reading it: by its size, or by the size that gzip ends with."""

from streamlake.audit.findings import Finding
from streamlake.audit.part_rules import judge_part, read_part
from streamlake.storage.claim import Claim
from streamlake.storage.store import ObjectStore

_MODULO = 1 << 32


def measure(store: ObjectStore, claim: Claim) -> list[Finding]:
    """What is wrong with the size of a part that is there and was never amended. Where its end says another size, it
    is read: gzip may consist of several members, and then only reading tells.
    """
    name = str(claim.part)
    size = store.size(name)
    if size is None or _fits(store, name, size, claim.size):
        return []
    return list(judge_part(claim, (), read_part(store, claim)))


def _fits(store: ObjectStore, name: str, stored: int, promised: int) -> bool:
    if name.endswith(".json"):
        return stored == promised
    if stored == 0:
        return promised == 0
    if name.endswith(".gz"):
        end = store.read_range(name, max(stored - 4, 0), 4) or b""
        return int.from_bytes(end, "little") == promised % _MODULO
    if name.endswith(".parquet"):
        return store.read_range(name, max(stored - 4, 0), 4) == b"PAR1"
    return True
