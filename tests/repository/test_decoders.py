"""msgspec's first look at a struct is no matter for two threads at once (decision 24)."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SERVICES = Path(__file__).parents[2] / "services" / "streamlake"
MODULES = sorted(SERVICES.rglob("*.py"))
OWN_STRUCTS = {"contract/fast.py", "ingest/framing.py"}
"""What they decode is a struct that the same call has made."""

READERS = """
import sys, threading
import msgspec
from streamlake.storage import claim, seal
sys.setswitchinterval(1e-6)
data, ready = sys.stdin.buffer.read(), threading.Barrier(6)
def read():
    ready.wait()
    assert claim.decode_claim("it", data).next == 600
threads = [threading.Thread(target=read) for _ in range(6)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""
CLAIM = b"""{"format":1,"dataset":"orders","topic":"t","chain":"dsopy7d6z5d3lo3suqdwmkchka-0","partition":0,"start":560,
"next":600,"part":"raw/part","records":39,"bytes":7098,"sha256":"","rejected":[{"start":567,"next":568,"reason":"size"}],
"gaps":[],"control":0,"contract_version":1,"contract_sha256":"","date":"2026-11-28","min_timestamp_ms":1,
"max_timestamp_ms":1,"last":{"offset":599,"leader_epoch":0,"timestamp_ms":1,"crc32":2},"closed":"age","attempt":"a",
"writer":"w","at":"2026-11-28T21:44:17.687Z"}"""


def looks(source: str) -> Iterator[int]:
    """The lines where a function makes a decoder, or decodes into a named type without one."""
    functions = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    for call in (n for function in functions for n in ast.walk(function) if isinstance(n, ast.Call)):
        name = ast.unparse(call.func)
        named = any(k.arg == "type" and isinstance(k.value, ast.Name) for k in call.keywords)
        if name == "msgspec.json.Decoder" or (name == "msgspec.json.decode" and named):
            yield call.lineno


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(SERVICES)))
def test_no_function_is_the_first_to_look_at_a_struct(module: Path) -> None:
    if str(module.relative_to(SERVICES)) not in OWN_STRUCTS:
        assert list(looks(module.read_text())) == []


def test_a_function_that_does_is_found() -> None:
    assert list(looks("def f(x):\n    return msgspec.json.decode(x, type=Claim)\n")) == [2]
    assert list(looks("def f(x):\n    return msgspec.json.Decoder(list[Claim]).decode(x)\n")) == [2]
    assert (
        list(looks("d = msgspec.json.Decoder(Claim)\ndef f(x):\n    msgspec.json.decode(x, type=dict[str, int])")) == []
    )


def test_six_threads_read_their_first_claim_at_once() -> None:
    for _ in range(8):
        ran = subprocess.run([sys.executable, "-c", READERS], input=CLAIM, capture_output=True, check=False)
        assert (ran.returncode, ran.stderr) == (0, b"")
