"""Checks infra/terraform on a machine without Google and without its provider. Run by scripts/terraform-check.

Format; a schema check against google 6.50.0 (argument, block and attribute names; not enums, patterns and conflicts);
`terraform test` of every module and example with a mocked provider; checkov. The schema comes from the cdktf package,
served by a stand-in provider (provider.py). Whatever Terraform writes goes into a copy: the checkout stays as it is.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.terraform import schema

ROOT: Final = Path(__file__).parents[2]
SOURCE: Final = ROOT / "infra" / "terraform"
HERE: Final = Path(__file__).parent
KEPT: Final = ROOT / ".streamlake" / "terraform"
PACKAGE: Final = "@cdktf/provider-google@16.12.1"
INTEGRITY: Final = "KqNA/5RiFT07r0PSZ6/07cJ2zESUgbj1JchVj21iBFBZVUbD+578xA/k8eq/r0cbyEgLmg9eYWeVslaYah4DCQ=="
LEFT_OUT: Final = shutil.ignore_patterns(".terraform*", "*.tfstate*", "*.tfvars", "*.py", "__pycache__")
LIMIT_SECONDS: Final = 300


class Missing(Exception):
    """What the check needs is not on this machine."""


def terraform() -> str:
    """Terraform or OpenTofu."""
    found = shutil.which("terraform") or shutil.which("tofu")
    if found is None:
        raise Missing("neither terraform nor tofu is installed")
    return found


def digest(*texts: bytes) -> str:
    """A name for a content."""
    total = hashlib.sha256()
    for text in texts:
        total.update(hashlib.sha256(text).digest())
    return total.hexdigest()[:20]


def source_files(source: Path) -> list[Path]:
    """What is checked: everything but what Terraform writes, in order."""
    ignored = LEFT_OUT
    found = []
    for folder, folders, names in os.walk(source):
        left_out = ignored(folder, [*folders, *names])
        folders[:] = [name for name in folders if name not in left_out]
        found += [Path(folder) / name for name in names if name not in left_out]
    return sorted(found)


def content_key(binary: str) -> str:
    """Changes whenever the outcome could."""
    version = subprocess.run([binary, "version"], capture_output=True, check=True, env=quiet()).stdout.splitlines()[0]
    files = [
        *source_files(SOURCE),
        *sorted(HERE.glob("*.lock")),
        *(HERE / f"{n}.py" for n in ("check", "schema", "provider")),
    ]
    return digest(
        version, *(part for path in files for part in (str(path.relative_to(ROOT)).encode(), path.read_bytes()))
    )


def quiet() -> dict[str, str]:
    """The environment of Terraform: nothing of this machine's own configuration, no look for newer versions."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TF_", "GOOGLE_", "CLOUDSDK_"))}
    return {**kept, "TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}


def tools() -> Path:
    """The folder with what was installed for the check; made where it is missing."""
    locks = [(HERE / f"{name}.lock").read_bytes() for name in ("provider", "checkov")]
    folder = KEPT / digest(PACKAGE.encode(), sys.executable.encode(), sys.version.encode(), *locks)
    if (folder / "complete").exists():
        return folder
    if shutil.which("npm") is None:
        raise Missing("npm is not installed, and fetches the schema")
    shutil.rmtree(KEPT, ignore_errors=True)
    folder.mkdir(parents=True)
    subprocess.run([ROOT / "scripts" / "terraform-tools", folder, PACKAGE, INTEGRITY], check=True)
    (folder / "complete").touch()
    return folder


@contextmanager
def alone() -> Iterator[None]:
    """Two checks at once: the second waits, and finds everything installed."""
    KEPT.parent.mkdir(exist_ok=True)
    with (KEPT.parent / "terraform.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def schema_file(installed: Path, source: Path) -> Path:
    """The schema of the types that the source uses, as JSON; kept by content."""
    used = schema.used_types(path.read_text() for path in source_files(source) if path.suffix == ".tf")
    name = f"schema-{digest(repr(used).encode(), (HERE / 'schema.py').read_bytes())}.json"
    if not (installed / name).exists():
        with tempfile.TemporaryDirectory(dir=installed) as scratch:
            subprocess.run(["tar", "-xzf", installed / "schema.tgz", "-C", scratch], check=True)
            made = Path(scratch) / name
            schema.write(Path(scratch) / "package", used, made)
            made.replace(installed / name)
    return installed / name


@contextmanager
def stand_in(installed: Path, schema_json: Path, scratch: Path) -> Iterator[dict[str, str]]:
    """A running stand-in provider; gives the environment in which Terraform finds it."""
    command: list[str | Path] = [installed / "provider" / "bin" / "python", "-u", HERE / "provider.py", schema_json]
    environment = {**quiet(), "TMPDIR": str(scratch)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as provider:
        assert provider.stdout is not None
        try:
            for line in provider.stdout:
                _, found, rest = line.partition("TF_REATTACH_PROVIDERS='")
                if found:
                    yield {**quiet(), "TF_REATTACH_PROVIDERS": rest.rstrip().removesuffix("'")}
                    return
            raise RuntimeError("the stand-in provider ended as it started")
        finally:
            provider.terminate()


def complaint(command: list[str | Path], where: Path, environment: dict[str, str]) -> str:
    """What a command says when it fails; empty when it does not."""
    shown = f"--- {where.name}: {' '.join(str(part) for part in command)}\n"
    try:
        done = subprocess.run(
            command,
            cwd=where,
            env=environment,
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        return f"{shown}no answer within {LIMIT_SECONDS} s\n"
    if done.returncode == 0:
        return ""
    return f"{shown}{done.stdout}{done.stderr}"


def of_module(binary: str, where: Path, environment: dict[str, str]) -> str:
    """What is wrong with one module: its schema first, then its tests."""
    for arguments in (["init", "-backend=false", "-input=false", "-no-color"], ["validate", "-no-color"]):
        if wrong := complaint([binary, *arguments], where, environment):
            return wrong
    if not list(where.glob("tests/*.tftest.hcl")):
        return f"--- {where.name}: no tests/*.tftest.hcl\n"
    return complaint([binary, "test", "-no-color"], where, environment)


def findings(binary: str, source: Path) -> list[str]:
    """Everything that is wrong with a tree of Terraform."""
    with alone():
        installed = tools()
        served = schema_file(installed, source)
    with tempfile.TemporaryDirectory(prefix="terraform-check-") as made:
        scratch = Path(made)
        copy = scratch / "terraform"
        shutil.copytree(source, copy, ignore=LEFT_OUT)
        modules = sorted({path.parent for path in copy.rglob("*.tf")})
        with stand_in(installed, served, scratch) as environment, ThreadPoolExecutor(3) as pool:
            checkov: list[str | Path] = [installed / "checkov" / "bin" / "checkov", "--framework", "terraform"]
            jobs: list[Callable[[], str]] = [
                lambda: complaint(
                    [*checkov, "--directory", copy, "--skip-download", "--compact", "--quiet"], copy, quiet()
                ),
                lambda: complaint([binary, "fmt", "-check", "-diff", "-recursive", "-no-color"], copy, quiet()),
                *(lambda where=where: of_module(binary, where, environment) for where in modules),
            ]
            return [wrong for wrong in pool.map(lambda job: job(), jobs) if wrong]


def say(text: str) -> None:
    """To whoever started the check."""
    sys.stdout.write(f"{text}\n")


def main(arguments: list[str]) -> int:
    """Check, and say what was found or why nothing was looked at."""
    demanded = os.environ.get("CI") == "true"
    passed = KEPT / "passed"
    try:
        binary = terraform()
        key = content_key(binary)
        if not demanded and "--afresh" not in arguments and passed.exists() and passed.read_text() == key:
            say("scripts/terraform-check: unchanged since it passed")
            return 0
        wrong = findings(binary, SOURCE)
    except Missing as why:
        say(f"not checked: infra/terraform, because {why}")
        return 1 if demanded else 0
    except subprocess.CalledProcessError as error:
        return error.returncode  # it has said why
    if wrong:
        say("\n".join(wrong))
        return 1
    passed.write_text(key)
    say("scripts/terraform-check: nothing found by format, schema check against google 6.50.0, tests and checkov")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
