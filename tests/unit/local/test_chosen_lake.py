"""Promise: what `scripts/up --lake` chose holds for a home's later commands; the environment is above it."""

from pathlib import Path

import pytest

from streamlake.local import chosen_lake, units
from streamlake.local.chosen_lake import BUCKET_LAKE, choose, marker, recall, remember
from streamlake.local.down import wipe, wipeable
from streamlake.local.errors import LakeChange
from streamlake.settings import WrongSetting, load


def test_a_home_without_a_choice_adds_nothing(tmp_path: Path) -> None:
    assert recall({"STREAMLAKE_HOME": str(tmp_path)}) == {}


def test_the_choice_is_found_by_later_commands_with_the_bucket_that_answers_for_it(tmp_path: Path) -> None:
    first = {"STREAMLAKE_HOME": str(tmp_path), "STREAMLAKE_BUCKET_PORT": "4567"}
    choose(first, "gs")
    remember(load({n: v for n, v in first.items() if n.startswith("STREAMLAKE_")}))
    later = {"STREAMLAKE_HOME": str(tmp_path), "STREAMLAKE_BUCKET_PORT": "4567"}
    assert recall(later) == {"STREAMLAKE_LAKE_URL": BUCKET_LAKE, "STORAGE_EMULATOR_HOST": "http://127.0.0.1:4567"}


def test_the_environment_is_above_the_choice(tmp_path: Path) -> None:
    marker(tmp_path).write_text(BUCKET_LAKE)
    mine = {"STREAMLAKE_HOME": str(tmp_path), "STREAMLAKE_LAKE_URL": "gs://other/x"}
    assert recall(mine) == {}
    elsewhere = {"STREAMLAKE_HOME": str(tmp_path), "STORAGE_EMULATOR_HOST": "http://host:1"}
    assert recall(elsewhere) == {"STREAMLAKE_LAKE_URL": BUCKET_LAKE}


def test_one_can_go_back_to_a_folder_and_a_wrong_lake_is_refused(tmp_path: Path) -> None:
    environment = {"STREAMLAKE_HOME": str(tmp_path), "STREAMLAKE_LAKE_URL": BUCKET_LAKE}
    choose(environment, "file")
    assert environment["STREAMLAKE_LAKE_URL"] == f"file://{tmp_path}/lake"
    with pytest.raises(WrongSetting, match="--lake s3://x: gs, file"):
        choose(environment, "s3://x")


def test_a_home_with_events_keeps_its_lake(tmp_path: Path) -> None:
    (tmp_path / "kafka" / "data").mkdir(parents=True)
    with pytest.raises(LakeChange):
        choose({"STREAMLAKE_HOME": str(tmp_path)}, "gs")
    choose({"STREAMLAKE_HOME": str(tmp_path), "STREAMLAKE_LAKE_URL": BUCKET_LAKE}, "gs")


def test_only_the_own_bucket_is_served_and_only_its_data_is_wiped(tmp_path: Path) -> None:
    ours = load({"STREAMLAKE_HOME": str(tmp_path), "STREAMLAKE_LAKE_URL": BUCKET_LAKE})
    theirs = load({"STREAMLAKE_HOME": str(tmp_path), "STREAMLAKE_LAKE_URL": f"gs://theirs{tmp_path}"})
    assert units.BUCKET in units.wanted(ours, [])
    assert units.BUCKET not in units.wanted(theirs, [])
    assert wipeable(theirs)[1] == [f"the lake gs://theirs{tmp_path}"]
    remember(ours)
    (chosen_lake.folder(tmp_path) / "lake").mkdir(parents=True)
    wipe(ours)
    assert not chosen_lake.folder(tmp_path).exists()
    assert not marker(tmp_path).exists()
