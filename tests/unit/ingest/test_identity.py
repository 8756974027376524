"""Ids: new ones ascend, and a resent request has the ones that it had."""

import uuid

from hypothesis import given
from hypothesis import strategies as st

from streamlake.ingest.identity import Minting, of_attempt, of_cloudevent, uuid7
from streamlake.kafka.header import Meta, encode, is_meta


@given(st.integers(0, 2**48 - 1), st.integers(0, 2**12 - 1), st.integers(0, 2**62 - 1))
def test_a_uuid7_is_what_the_standard_says(milliseconds: int, sequence: int, randomness: int) -> None:
    found = uuid.UUID(uuid7(milliseconds, sequence, randomness))
    assert (found.version, found.variant) == (7, uuid.RFC_4122)
    assert found.int >> 80 == milliseconds
    assert found.int >> 64 & 0xFFF == sequence
    assert found.int & (2**62 - 1) == randomness


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(0, 9000)), min_size=1, max_size=20))
def test_new_ids_ascend_though_the_clock_steps_back(steps: list[tuple[int, int]]) -> None:
    now = 1_795_000_000_000
    minting = Minting(lambda: now, lambda _: 0)
    found: list[str] = []
    for step, count in steps:
        now += step
        found += minting.take(count)
    assert found == sorted(set(found))


def test_the_same_attempt_has_the_same_ids_and_every_other_one_has_others() -> None:
    first = of_attempt("orders", "checkout", "k", 3)
    assert first == of_attempt("orders", "checkout", "k", 3)
    assert first == of_attempt("orders", "checkout", "k", 5)[:3]
    others = [
        *of_attempt("clicks", "checkout", "k", 3),
        *of_attempt("orders", "shop", "k", 3),
        *of_attempt("orders", "checkout", "k2", 3),
        of_cloudevent("orders", "checkout", "k", "0"),
        of_cloudevent("orders", "checkout", "a", "bc"),
        of_cloudevent("orders", "checkout", "ab", "c"),
    ]
    assert len({*first, *others}) == len(first) + len(others)


def test_every_id_is_one_that_the_header_takes() -> None:
    ids = [
        *Minting(lambda: 0, lambda _: 2**62 - 1).take(2),
        *of_attempt("d", "p", "k", 1),
        of_cloudevent("d", "p", "s", "i"),
    ]
    for taken in ids:
        assert is_meta(encode(Meta(taken, 1, "checkout", "2026-11-21T07:00:00Z")))
