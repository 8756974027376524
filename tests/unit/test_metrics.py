"""Metrics: every name is described, nothing is counted twice, and what is not known is not a number."""

from prometheus_client.parser import text_string_to_metric_families

from streamlake import metrics
from streamlake.ingest.admission import Admission
from streamlake.ingest.counters import Counters


def worker(process: str, accepted: int) -> dict[str, object]:
    counters = Counters()
    counters.kept("orders", accepted, 1, 10)
    counters.of("orders").refused["json.nan"] += 2
    counters.answered(202, 0.002)
    return counters.document(process, 1, "running", reachable=True, admission=Admission())


CONSUMER = {
    "process": "streamlake-consumer@orders",
    "kind": "consumer",
    "dataset": "orders",
    "state": "running",
    "partitions": [
        {"topic": "t", "partition": 0, "head": 3, "lag_records": 2, "lag_seconds": 4.5},
        {"topic": "t", "partition": 1, "head": None, "lag_records": None, "lag_seconds": None},
    ],
    "counters": {"records_landed": 3},
    "last_commit": "2026-11-21T07:00:00.000Z",
}


def test_json_sums_workers_and_does_not_guess() -> None:
    said = metrics.as_json([worker("a", 3), worker("b", 4), CONSUMER], "now", ["clicks"])
    orders = next(entry for entry in said["datasets"] if entry["pipeline"] == "orders")
    assert (orders["records_ingested"], orders["records_refused"], orders["records_landed"]) == (9, 4, 3)
    assert orders["lag_seconds"] == 4.5
    assert orders["lag_records"] is None  # one partition is not known: a part of the lag is not the lag
    clicks = next(entry for entry in said["datasets"] if entry["pipeline"] == "clicks")
    assert (clicks["records_ingested"], clicks["lag_seconds"], clicks["last_commit"]) == (0, None, None)


def test_prometheus_text_is_well_formed_and_every_name_is_described() -> None:
    text = metrics.as_prometheus([worker("a", 3), CONSUMER]).decode()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert set(families) == set(metrics.NAMES)
    latency = [s for s in families["streamlake_api_latency_seconds"].samples if s.name.endswith("_bucket")]
    values = [sample.value for sample in latency]
    assert values == sorted(values)
    assert values[-1] == 1


def test_nothing_runs() -> None:
    assert metrics.as_json([], "now")["records_ingested"] == 0
    assert metrics.as_prometheus([])
