"""A part that is there already holds the same content or it does not, whatever its bytes are (guide: "exists")."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from streamlake.consumer import effects
from streamlake.consumer.effects import Content, Encoded
from streamlake.consumer.faults import PartDiffers
from streamlake.consumer.part_writer import PartThread
from streamlake.consumer.parts import create_part
from streamlake.storage import parquet_encoder
from streamlake.storage.claim import Claim, Unreadable
from streamlake.storage.part_content import measure
from streamlake.storage.part_encoding import SUFFIXES
from tests.support import lines as made
from tests.support.lines import Record
from tests.unit.consumer.lake import CHAIN, PLACE, Lake

RECORDS = [Record(at, b'{"a":"x","n":%d}' % at) for at in range(10)]


def encoded(suffix: str, records: Sequence[Record] = RECORDS) -> Encoded:
    part = PartThread()(suffix)
    part.write(made.lines_of(list(records)))
    return part.finish()


def a_claim(lake: Lake, suffix: str) -> Claim:
    claim = lake.claim(0, 0, 10, "2026-11-21", part=False)
    return msgspec.structs.replace(claim, part=str(claim.part).replace("json.gz", suffix))


def put(lake: Lake, claim: Claim, part: Encoded, records: int = 10) -> list[effects.Alarm]:
    """Drive the procedure; its alarms."""
    work = create_part(PLACE, CHAIN, claim, records, part, "attempt")
    alarms: list[effects.Alarm] = []
    try:
        effect = next(work)
        while True:
            answer: Any = None
            if isinstance(effect, effects.Measure):
                found = measure(lake.store, effect.name)
                answer = found and Content(found.records, found.size, found.sha256)
            elif isinstance(effect, effects.Alarm):
                alarms.append(effect)
            else:
                answer = lake.perform(effect)
            effect = work.send(answer)
    except StopIteration:
        return alarms


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_same_lines_are_success(suffix: str) -> None:
    lake = Lake()
    claim = a_claim(lake, suffix)
    for _ in range(2):
        assert put(lake, claim, encoded(suffix)) == []


def test_the_same_lines_in_other_bytes_are_success(monkeypatch: pytest.MonkeyPatch) -> None:
    """As by another release of Arrow, whose Parquet differs."""
    lake = Lake()
    claim = a_claim(lake, "parquet")
    ours = encoded("parquet")
    put(lake, claim, ours)
    monkeypatch.setattr(parquet_encoder, "ROW_GROUP_BYTES", 700)
    theirs = encoded("parquet")
    assert theirs.chunks != ours.chunks
    assert (theirs.size, theirs.sha256) == (ours.size, ours.sha256)
    assert put(lake, claim, theirs) == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_other_lines_are_corruption_and_fewer_are_rescued(suffix: str) -> None:
    lake = Lake()
    claim = a_claim(lake, suffix)
    put(lake, claim, encoded(suffix))
    other = [*RECORDS[:-1], Record(9, b'{"a":"y","n":9}')]
    with pytest.raises(PartDiffers):
        put(lake, claim, encoded(suffix, other))
    more = [*RECORDS, Record(10, b"{}")]
    (alarm,) = put(lake, claim, encoded(suffix, more), records=11)
    assert alarm.code == "SL-0409"
    (rescued,) = lake.store.list_from("rescue/")
    assert rescued.endswith(f".{suffix}")
    found = measure(lake.store, rescued)
    assert found is not None
    assert found.records == 11


def test_a_damaged_part_is_not_taken_for_the_same() -> None:
    lake = Lake()
    claim = a_claim(lake, "parquet")
    lake.store.create(str(claim.part), [b"".join(encoded("parquet").chunks)[:-9]])
    with pytest.raises(Unreadable):
        put(lake, claim, encoded("parquet"))
