"""The corpus of injections: as many as asked for, all different, the same each time, and of every kind."""

import json

from tests.support.host.corpus import CANARY, _productions, injections


def test_it_is_the_same_each_time_and_another_for_another_seed() -> None:
    assert injections(200, 1) == injections(200, 1)
    assert injections(200, 1) != injections(200, 2)


def test_two_hundred_different_ones_of_every_kind() -> None:
    made = injections(200, 5)
    assert len(set(made)) == 200
    assert all(set(made) & set(kind) for kind in _productions())


def test_no_zero_byte_is_in_it() -> None:
    """SSH hands a command over as a C string; what comes after a zero would never arrive."""
    assert not any("\0" in text for text in injections(1000, 3))


def test_some_would_leave_a_canary_and_some_would_move_a_unit() -> None:
    made = injections(200, 5)
    assert sum(CANARY in text for text in made) > 40
    assert sum("ssh.service" in text for text in made) > 10


def test_none_is_a_request_that_may_be_granted() -> None:
    """Or the judge would see the effect of a right request."""
    for text in injections(1000, 5):
        verb, _, rest = text.partition(" ")
        if verb != "units":
            continue
        try:
            fields = json.loads(rest)
        except (ValueError, RecursionError):
            continue
        if isinstance(fields, dict) and set(fields) == {"action", "dataset"}:
            assert fields["dataset"] not in ("orders", "all") or fields["action"] not in ("stop", "restart", "start"), (
                text
            )
