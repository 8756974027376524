"""Bugs that were made elsewhere, or nearly here. Each is patched in, and the simulator must notice.

A test plants one with monkeypatch; the product has no switch for them. Two were not planted. A buffer whose records
Kafka took back, claimed all the same, breaks no invariant: the next look at the log finds it, and an operator forks the
chain for nothing. A hint that lags, trusted, breaks none either: claims that exist are walked through one by one.
"""

from tests.simulation import planted_claims, planted_log, planted_writes
from tests.simulation.planting import BUGS

__all__ = ["BUGS", "planted_claims", "planted_log", "planted_writes"]
