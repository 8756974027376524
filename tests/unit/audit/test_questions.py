"""What people type is read strictly: a wrong question is refused, never guessed."""

from datetime import UTC, datetime

import pytest

from streamlake.audit import questions
from streamlake.audit.errors import WrongQuestion

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def test_nothing_asked_is_no_limit() -> None:
    assert questions.day(None) is None
    assert questions.share(None) == 0
    assert questions.duration(None) is None
    assert questions.moment_ms(None, NOW) is None


def test_what_is_right() -> None:
    assert questions.day("2026-11-21") == "2026-11-21"
    assert [questions.share(s) for s in ("5%", "0.1%", "100%")] == [0.05, 0.001, 1.0]
    assert [questions.duration(d) for d in ("90s", "1.5m", "1h", "2d")] == [90, 90, 3600, 172_800]
    assert questions.moment_ms("1h", NOW) == int(NOW.timestamp() * 1000) - 3_600_000
    for same in ("2026-11-21T12:00:00Z", "2026-11-21T12:00:00", "2026-11-21T14:00:00+02:00"):
        assert questions.moment_ms(same, NOW) == int(NOW.timestamp() * 1000)
    assert questions.moment_ms("2026-11-21", NOW) == int(NOW.timestamp() * 1000) - 12 * 3_600_000


def test_before_all_time_is_everything() -> None:
    assert questions.moment_ms("99999999999999d", NOW) == 0
    assert (questions.moment_ms("0001-01-01T00:00:00+14:00", NOW) or 0) < 0
    assert (questions.moment_ms("9999-12-31T23:59:59-14:00", NOW) or 0) > int(NOW.timestamp() * 1000)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "20261121", "2026-W47-6", "21.11.2026"])
def test_wrong_days(text: str) -> None:
    with pytest.raises(WrongQuestion):
        questions.day(text)


@pytest.mark.parametrize("text", ["", "5", "0%", "-1%", "101%", "nan%", "%"])
def test_wrong_shares(text: str) -> None:
    with pytest.raises(WrongQuestion):
        questions.share(text)


@pytest.mark.parametrize("text", ["", "5", "h", "-1h", "1w", "1h30m", "1 h"])
def test_wrong_durations(text: str) -> None:
    with pytest.raises(WrongQuestion):
        questions.duration(text)
    with pytest.raises(WrongQuestion):
        questions.moment_ms(text, NOW)
