"""The environment becomes settings, or one error that names every mistake in words that a person understands."""

import pytest

from streamlake.settings import WrongSetting, load


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("API_PORT", "abc", "STREAMLAKE_API_PORT='abc': must be a whole number"),
        ("API_PORT", "70000", "a port lies between 1 and 65535"),
        ("PART_MAX_BYTES", "1e6", "must be a whole number"),
        ("PART_MAX_AGE_SECONDS", "soon", "must be a number"),
        ("BREAKER_RATIO", "1.5", "is a share"),
        ("LAKE_URL", "s3://x", "must be file:///an/absolute/path or gs://bucket/prefix"),
        ("API_PROT", "1", "did you mean STREAMLAKE_API_PORT?"),
    ],
)
def test_a_wrong_one_is_named_with_what_it_must_be(name: str, value: str, words: str) -> None:
    with pytest.raises(WrongSetting) as error:
        load({f"STREAMLAKE_{name}": value})
    assert words in error.value.message


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(WrongSetting) as error:
        load({"STREAMLAKE_API_PORT": "x", "STREAMLAKE_PART_MAX_BYTES": "-1", "STREAMLAKE_NO_SUCH": ""})
    assert all(word in error.value.message for word in ("API_PORT", "PART_MAX_BYTES", "NO_SUCH"))
