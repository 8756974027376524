"""A day is sealed when it is whole, once, and never before (the completeness that readers are promised)."""

from streamlake.consumer.sealing import Sealed, seal_days
from streamlake.storage import layout
from streamlake.storage.seal import Seal, decode_seal
from tests.unit.consumer.lake import PLACE, WRITER, Lake

TODAY = "2026-11-21"


def _seal(lake: Lake, date: str) -> Seal | None:
    name = layout.seal("raw", "orders", date)
    data = lake.store.read(name)
    return None if data is None else decode_seal(name, data)


def test_a_day_is_sealed_when_every_partition_has_passed_the_end() -> None:
    lake = Lake(ends=[10, 4])
    lake.claim(0, 0, 6, "2026-11-20")
    lake.claim(0, 6, 10, "2026-11-20")
    lake.claim(1, 0, 4, "2026-11-20")
    sealed = lake.run(seal_days(PLACE, TODAY, Sealed(), WRITER))
    assert sealed.new == ["2026-11-20"]
    seal = _seal(lake, "2026-11-20")
    assert seal is not None
    assert (seal.records, len(seal.parts)) == (14, 3)
    ranges = next(iter(seal.ranges.values()))
    assert {p: (r.start, r.next, r.claims) for p, r in ranges.items()} == {"0": (0, 10, 2), "1": (0, 4, 1)}


def test_a_partition_that_is_behind_keeps_the_day_open() -> None:
    lake = Lake(ends=[10, 5])
    lake.claim(0, 0, 10, "2026-11-20")
    lake.claim(1, 0, 4, "2026-11-20")
    assert lake.run(seal_days(PLACE, TODAY, Sealed(), WRITER)).new == []
    assert _seal(lake, "2026-11-20") is None


def test_a_partition_that_has_gone_on_to_a_later_day_holds_nothing_up() -> None:
    lake = Lake(ends=[10, 9])
    lake.claim(0, 0, 10, "2026-11-20")
    lake.claim(1, 0, 4, "2026-11-20")
    lake.claim(1, 4, 6, TODAY)
    assert lake.run(seal_days(PLACE, TODAY, Sealed(), WRITER)).new == ["2026-11-20"]


def test_a_claim_without_its_part_keeps_the_day_open() -> None:
    lake = Lake(ends=[4])
    lake.claim(0, 0, 4, "2026-11-20", part=False)
    assert lake.run(seal_days(PLACE, TODAY, Sealed(), WRITER)).new == []


def test_today_is_never_sealed() -> None:
    lake = Lake(ends=[4])
    lake.claim(0, 0, 4, TODAY)
    assert lake.run(seal_days(PLACE, TODAY, Sealed(), WRITER)).new == []


def test_days_follow_each_other_without_overlap_also_after_a_restart() -> None:
    lake = Lake(ends=[9])
    lake.claim(0, 0, 3, "2026-11-18")
    lake.claim(0, 3, 5, "2026-11-20")
    first = lake.run(seal_days(PLACE, TODAY, Sealed(), WRITER))
    assert first.new == ["2026-11-18"]  # the 20th is behind the log's end still
    lake.claim(0, 5, 9, TODAY)
    again = lake.run(seal_days(PLACE, TODAY, Sealed(), WRITER))  # another process, which remembers nothing
    assert again.new == ["2026-11-20"]
    seal = _seal(lake, "2026-11-20")
    assert seal is not None
    ranges = next(iter(seal.ranges.values()))
    assert (ranges["0"].start, ranges["0"].next, seal.records) == (3, 5, 2)


def test_what_is_no_day_among_the_days_is_passed_over() -> None:
    lake = Lake(ends=[9])
    for odd in ("2026-1", "2026-11-19x", "2026-13-45", "__HIVE_DEFAULT_PARTITION__"):
        lake.store.create(f"raw/dataset=orders/ingestion_date={odd}/part-odd.json", [b""])
    lake.store.create("raw/dataset=orders/ingestion_date=2026-11-17", [b""])
    lake.claim(0, 0, 3, "2026-11-18")
    lake.claim(0, 3, 9, "2026-11-20")
    assert lake.run(seal_days(PLACE, TODAY, Sealed(), WRITER)).new == ["2026-11-18", "2026-11-20"]
