"""docs/contracts.md says what the code does: the same settings, defaults, rules and reasons."""

import re
from pathlib import Path

from streamlake.contract import custom_properties, odcs_field, slow
from streamlake.contract.model import TopicSettings
from streamlake.contract.rejection import Rejection

PAGE = (Path(__file__).parents[3] / "docs" / "contracts.md").read_text()


def first_column(heading: str) -> set[str]:
    """The names in backticks in the first column of the table below this heading."""
    section = PAGE.split(f"## {heading}")[1].split("\n## ")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| ")]
    return {name for cell in cells for name in re.findall("`([^`]+)`", cell)}


def test_all_settings_are_on_the_page_and_no_others() -> None:
    assert first_column("Settings, in") == set(custom_properties.OF_CONTRACT)


def test_all_reasons_are_on_the_page_and_no_others() -> None:
    reasons = set(re.findall(r"\b(?:json|contract)\.[a-z_]+|\bsize\b", Rejection.__doc__ or ""))
    assert first_column("Why an event") == reasons
    assert set(slow._REASONS.values()) <= reasons


def test_all_rules_are_on_the_page() -> None:
    for rules in odcs_field._OPTIONS.values():
        assert all(f"`{rule}`" in PAGE or rule == "timezone" for rule in rules)


def test_defaults_are_those_of_the_model() -> None:
    topic = TopicSettings()
    for value in (topic.partitions, topic.retention_hours, topic.dead_letter_retention_hours, topic.max_event_bytes):
        assert f"| {value} |" in PAGE
