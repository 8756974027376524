"""Promise: who has no lake in a bucket never waits for Google's packages to load."""

import subprocess
import sys

import pytest

from streamlake.cli.main import NOUNS

LOOK = """
import sys
from streamlake.cli import main
from streamlake.storage.open import open_store

def loaded():
    return sorted(m for m in sys.modules if m.startswith(("google.", "requests", "streamlake.storage.gcs")))

main.build()
open_store("file:///tmp")
print(loaded())
open_store("gs://bucket/lake")
print("google.cloud.storage" in loaded())
"""


def test_the_whole_command_and_a_lake_on_a_disk_load_nothing_of_google() -> None:
    assert len(NOUNS) > 10
    done = subprocess.run([sys.executable, "-c", LOOK], capture_output=True, text=True, check=True)
    before, seen = done.stdout.splitlines()
    assert before == "[]"
    assert seen == "True", "the look would not have seen it"


@pytest.mark.parametrize("url", ["gs://b", "gs://a/b", "gs://bucket//x", "gs://bucket/../x", "gs://bucket/a b"])
def test_a_url_that_names_no_bucket_is_refused_before_anything_is_loaded(url: str) -> None:
    from streamlake.storage.errors import UnknownStore
    from streamlake.storage.open import bucket_and_prefix, open_store

    with pytest.raises(UnknownStore):
        bucket_and_prefix(url)
    with pytest.raises(UnknownStore):
        open_store(url)
