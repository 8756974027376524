"""Headers that are looked at together say what each says alone: a line must not depend on its neighbours (I3)."""

import random

from hypothesis import given
from hypothesis import strategies as st

from streamlake.kafka.header import Meta, encode, version_of
from streamlake.kafka.headers import Header, metas_of

HEX = "0123456789abcdef"


def one(chance: random.Random, version: int, time: str) -> bytes:
    digits = "".join(chance.choice(HEX) for _ in range(32))
    ident = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    return encode(Meta(ident, version, "checkout", f"{time}{chance.randrange(10)}.{chance.randrange(1000):03d}Z"))


def alone(record: list[Header] | None) -> tuple[bytes | None, int | None, list[Header]]:
    for index, (name, value) in enumerate(record or []):
        version = version_of(value) if name == "streamlake" else None
        if version is not None and record:
            return value, version, record[:index] + record[index + 1 :]
    return None, None, record or []


times = st.sampled_from(["2026-11-21T07:00:0", "2026-11-29T23:59:5", "2026-11-21T07:00:6", "2026-02-30T00:00:0"])
damage = st.tuples(st.integers(0, 140), st.integers(0, 3), st.binary(max_size=3) | st.sampled_from([b'"', b"a", b"9"]))
others = st.sampled_from([[], [("a", b"1")], [("streamlake", b"?")]])


@given(
    st.randoms(use_true_random=False),
    st.integers(1, 40),
    st.lists(st.tuples(st.integers(1, 3), times), min_size=1, max_size=2),
    st.lists(st.tuples(st.integers(0, 39), damage), max_size=2),
    st.lists(st.tuples(st.integers(0, 39), st.none() | others, others), max_size=2),
)
def test_together_they_say_what_each_says_alone(
    chance: random.Random,
    count: int,
    forms: list[tuple[int, str]],
    damages: list[tuple[int, tuple[int, int, bytes]]],
    more: list[tuple[int, list[Header] | None, list[Header]]],
) -> None:
    values = [one(chance, *chance.choice(forms)) for _ in range(count)]
    for index, (at, drop, insert) in damages:
        value = values[index % count]
        values[index % count] = value[:at] + insert + value[at + drop :]
    records: list[list[Header] | None] = [[("streamlake", value)] for value in values]
    for index, before, after in more:
        records[index % count] = None if before is None else [*before, ("streamlake", values[index % count]), *after]
    found = metas_of(records)
    expected = [alone(record) for record in records]
    assert list(found.values) == [e[0] for e in expected]
    assert list(found.versions) == [e[1] for e in expected]
    assert [list(o) for o in found.others] == [e[2] for e in expected]


def test_a_short_one_beside_a_long_one_is_noticed() -> None:
    """The check of all ids at once must not take what one lacks from another."""
    good = one(random.Random(1), 1, "2026-11-21T07:00:0")
    for cut in range(len(good)):
        records: list[list[Header] | None] = [[("streamlake", good)], [("streamlake", good[:cut])]]
        assert list(metas_of(records).versions) == [1, None]


def test_every_byte_of_one_among_many_counts() -> None:
    """Ids and names share letters: a check of shapes alone would take one for the other."""
    good = one(random.Random(1), 1, "2026-11-21T07:00:0")
    for at in range(len(good)):
        for byte in b"0aefz}":
            value = good[:at] + bytes([byte]) + good[at + 1 :]
            records: list[list[Header] | None] = [[("streamlake", good)], [("streamlake", value)]]
            assert list(metas_of(records).versions) == [1, version_of(value)]


def test_nothing_and_null_are_no_meta() -> None:
    assert list(metas_of([None, [], [("streamlake", None)], [("x", b"1")]]).values) == [None] * 4
    assert list(metas_of([]).values) == []
