"""The real jars by a checked download, and the Java from PyPI: what a machine without Maven and Java does."""

import os
import shutil
from pathlib import Path

import pytest

from streamlake.kafka import java
from streamlake.kafka.broker import Broker, Place
from streamlake.kafka.errors import NoJava
from streamlake.kafka.install import install, libs_folder
from streamlake.kafka.jars import locked
from tests.support.broker import free_port
from tests.support.web import serving

pytestmark = pytest.mark.broker


def test_a_broker_runs_on_jars_that_were_downloaded(kafka_software: Path, tmp_path: Path) -> None:
    kept = libs_folder(kafka_software)
    with serving({jar.path: (kept / jar.name).read_bytes() for jar in locked()}) as server:
        software = tmp_path / "software"
        place = Place(home=tmp_path, port=free_port(), software=software, maven_base_url=server.url)
        broker = Broker(place)
        broker.start()
        broker.kill()
        assert sorted(path for path, _ in server.asked) == [f"/maven2/{jar.path}" for jar in locked()]


def test_maven_brings_exactly_the_pinned_jars(tmp_path: Path) -> None:
    if shutil.which("mvn") is None:
        pytest.skip("needs Maven")
    libs = install(tmp_path)
    assert sorted(path.name for path in libs.iterdir()) == sorted(jar.name for jar in locked())


@pytest.mark.slow
def test_a_broker_runs_on_the_java_from_pypi(kafka_software: Path, tmp_path: Path) -> None:
    software = tmp_path / "software"
    shutil.copytree(libs_folder(kafka_software), software / libs_folder(kafka_software).name)
    try:
        installed = java.ensure(software, environment={**os.environ, "JAVA_HOME": "", "PATH": _without_java()})
    except NoJava as error:
        pytest.skip(str(error))
    assert installed.major == 25
    assert "sharing" in installed.build
    place = Place(home=tmp_path, port=free_port(), software=software)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PATH", _without_java())
        patched.delenv("JAVA_HOME", raising=False)
        broker = Broker(place)
        broker.start()
        assert str(software) in broker._argv()[0]
        broker.stop()
        assert list(software.glob("classes-*.jsa"))


def _without_java() -> str:
    return ":".join(folder for folder in os.environ["PATH"].split(":") if not (Path(folder) / "java").exists())
