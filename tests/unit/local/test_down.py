"""Promise: `--wipe` deletes the data below the home, and nothing else."""

from pathlib import Path

import pytest

from streamlake.local.down import down, wipe, wipeable
from streamlake.local.environment import for_children, local_settings
from streamlake.local.errors import WipeRefused
from streamlake.local.home import Home, Lock
from streamlake.settings import load


def fill(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")


def test_data_goes_and_software_keys_and_strangers_stay(tmp_path: Path) -> None:
    home = tmp_path / "home"
    settings = load({"STREAMLAKE_HOME": str(home)})
    data = [home / "lake/raw/part", home / "kafka/data/0/log", home / "state/control/x.json", home / "log/a.log"]
    kept = [home / "kafka/libs-1/kafka.jar", home / "keys.json", home / "tools/bin/uv", home / "mine.txt"]
    fill(*data, *kept)
    wipe(settings)
    assert not any(path.exists() for path in data)
    assert all(path.exists() for path in kept)


def test_a_lake_that_stands_elsewhere_is_named_and_left(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    settings = load({"STREAMLAKE_HOME": str(tmp_path / "home"), "STREAMLAKE_LAKE_URL": f"file://{lake}"})
    fill(lake / "raw/part", settings.home / "log/a.log")
    assert wipeable(settings)[1] == [f"the lake {lake}"]
    wipe(settings)
    assert (lake / "raw/part").exists()


def test_the_home_itself_as_lake_is_left(tmp_path: Path) -> None:
    settings = load({"STREAMLAKE_HOME": str(tmp_path), "STREAMLAKE_LAKE_URL": f"file://{tmp_path}"})
    fill(tmp_path / "raw/part")
    wipe(settings)
    assert (tmp_path / "raw/part").exists()


def test_nothing_is_wiped_while_something_runs(tmp_path: Path) -> None:
    settings = load({"STREAMLAKE_HOME": str(tmp_path)})
    fill(tmp_path / "lake/raw/part")
    lock = Lock(Home(tmp_path))
    lock.take()
    with pytest.raises(WipeRefused):
        wipe(settings)
    assert (tmp_path / "lake/raw/part").exists()
    lock.release()


def test_down_where_nothing_runs_says_so_and_makes_nothing(tmp_path: Path) -> None:
    settings = load({"STREAMLAKE_HOME": str(tmp_path / "home")})
    assert not down(settings, lambda _: None)
    assert not (tmp_path / "home").exists()


def test_children_are_told_every_setting_and_read_the_same(tmp_path: Path) -> None:
    settings = local_settings({"STREAMLAKE_HOME": str(tmp_path), "STREAMLAKE_KAFKA_PORT": "12345"})
    assert settings.part_max_age_seconds == 2
    assert load({k: v for k, v in for_children({}, settings).items() if k.startswith("STREAMLAKE_")}) == settings


def test_what_the_user_sets_is_above_the_local_default(tmp_path: Path) -> None:
    assert local_settings({"STREAMLAKE_PART_MAX_AGE_SECONDS": "7"}).part_max_age_seconds == 7
