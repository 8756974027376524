"""The landing core decides and never acts: no clock, thread, socket, log or environment in the modules named here."""

import ast
from pathlib import Path

import pytest

CONSUMER = Path(__file__).parents[2] / "services" / "streamlake" / "consumer"
CORE = [
    "batch",
    "breaker",
    "calendar",
    "chains",
    "completing",
    "consumer",
    "effects",
    "faults",
    "filling",
    "handler",
    "head",
    "holes",
    "identity",
    "landing",
    "line",
    "opening",
    "partition",
    "parts",
    "place",
    "rotation",
    "sealing",
]
ACTING = {
    *("asyncio", "concurrent", "confluent_kafka", "logging", "os", "pathlib", "queue", "random", "signal", "socket"),
    *("subprocess", "tempfile", "tenacity", "threading", "time", "uuid.uuid4"),
    *("streamlake.settings", "streamlake.logs", "streamlake.vitals", "streamlake.kafka.admin"),
    *("streamlake.kafka.reader", "streamlake.kafka.clients", "streamlake.storage.local", "streamlake.storage.open"),
    *("streamlake.consumer.runner", "streamlake.consumer.world", "streamlake.consumer.kafka_log"),
}


def acting_imports(source: str) -> list[str]:
    """What a module imports that acts."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        found += [n for n in names if n in ACTING or n.split(".")[0] in ACTING]
    return found


@pytest.mark.parametrize("module", CORE)
def test_a_module_of_the_core_imports_nothing_that_acts(module: str) -> None:
    assert acting_imports((CONSUMER / f"{module}.py").read_text()) == []


@pytest.mark.parametrize(
    "planted",
    ["import time", "from time import monotonic", "import os.path", "from streamlake.kafka.admin import Admin"],
)
def test_the_guard_finds_a_planted_import(planted: str) -> None:
    assert acting_imports(planted)
