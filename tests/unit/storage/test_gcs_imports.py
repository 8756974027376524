"""Promise: who has no lake in a bucket never waits for Google's packages to load."""

import subprocess
import sys
from pathlib import Path

import pytest

from streamlake.cli.main import NOUNS

LOOK = (
    "import sys\n"
    "from streamlake.cli import main\n"
    "main.build()\n"
    "from streamlake.storage.open import open_store\n"
    "open_store({url!r})\n"
    "print([m for m in sys.modules if m.startswith(('google.', 'requests', 'streamlake.storage.gcs'))])\n"
)


def loaded(url: str) -> str:
    done = subprocess.run([sys.executable, "-c", LOOK.format(url=url)], capture_output=True, text=True, check=True)
    return done.stdout


def test_the_whole_command_and_a_lake_on_a_disk_load_nothing_of_google(tmp_path: Path) -> None:
    assert len(NOUNS) > 10
    assert loaded(f"file://{tmp_path}").strip() == "[]"


def test_the_look_would_see_it() -> None:
    assert "google.cloud.storage" in loaded("gs://bucket/lake")


@pytest.mark.parametrize("url", ["gs://b", "gs://a/b", "gs://bucket//x", "gs://bucket/../x", "gs://bucket/a b"])
def test_a_url_that_names_no_bucket_is_refused_before_anything_is_loaded(url: str) -> None:
    from streamlake.storage.errors import UnknownStore
    from streamlake.storage.open import bucket_and_prefix, open_store

    with pytest.raises(UnknownStore):
        bucket_and_prefix(url)
    with pytest.raises(UnknownStore):
        open_store(url)
