"""A host of the test's own."""

from pathlib import Path

import pytest

from tests.support.dispatcher import Dispatcher


@pytest.fixture
def host(tmp_path: Path) -> Dispatcher:
    return Dispatcher(tmp_path)
