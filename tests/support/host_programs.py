"""The programs that the play runs on hosts, as modules: they are no part of a package."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]
ROLES = ROOT / "infra" / "ansible" / "roles"


def program(role: str, name: str) -> ModuleType:
    """The program `name` of a role. It is loaded as it stands, and nothing of it is run."""
    path = ROLES / role / "files" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"{role}_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    return module
