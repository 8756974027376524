"""What is handed to whoever helps holds no secret, in whatever way it is written, and still tells what happened."""

import base64
import tarfile
import urllib.parse
from pathlib import Path

import pytest

from tests.support.host_programs import program

support = program("observability", "support")
SECRET = "Tr0ub4dor&3/plan+ted="


@pytest.fixture
def credentials(tmp_path: Path) -> Path:
    folder = tmp_path / "credentials"
    folder.mkdir()
    (folder / "kafka-api").write_text(
        f"security.protocol=SASL_PLAINTEXT\nsasl.username=streamlake-api\nsasl.password={SECRET}\n"
    )
    (folder / "jwt").write_text("0123456789abcdefJWT\n")
    (folder / "tls.key").write_text("-----BEGIN PRIVATE KEY-----\nMIGHAgEAplantedplanted\n-----END PRIVATE KEY-----\n")
    (folder / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\nMIIBpublicpublic\n-----END CERTIFICATE-----\n")
    return folder


@pytest.mark.parametrize(
    "written",
    [
        SECRET,
        urllib.parse.quote(SECRET, safe=""),
        base64.b64encode(SECRET.encode()).decode(),
        f"the password of streamlake-api is {SECRET}, sir",
        "0123456789abcdefJWT",
        "MIGHAgEAplantedplanted",
    ],
)
def test_a_value_of_a_credentials_file_is_hidden_wherever_it_stands(credentials: Path, written: str) -> None:
    cleaned = support.redacted(f"before {written} after", support.secrets_of((str(credentials),)))
    assert written not in cleaned
    assert cleaned.startswith("before")
    assert "after" in cleaned


@pytest.mark.parametrize(
    ("written", "secret"),
    [
        ("Authorization: Bearer abc.def-ghi", "abc.def-ghi"),
        ('{"authorization": "Basic dXNlcjpwdw=="}', "dXNlcjpwdw"),
        ("key slk_Zm9vYmFyYmF6cXV4 was used", "slk_Zm9vYmFyYmF6cXV4"),
        ("postgresql://airflow:hunter22@db/airflow", "hunter22"),
        ("sasl.password = hunter22", "hunter22"),
        ('{"password": "hunter 22"}', "hunter 22"),
        ("AIRFLOW__CORE__FERNET_KEY=hunter22", "hunter22"),
        ('sasl.jaas.config="user pw hunter22"', "hunter22"),
        ("ssl.keystore.password: hunter22", "hunter22"),
        ("-----BEGIN EC PRIVATE KEY-----\nhunter22\n-----END EC PRIVATE KEY-----", "hunter22"),
        ("-----BEGIN PRIVATE KEY-----\nhunter22 and cut", "hunter22"),
    ],
)
def test_what_looks_like_a_secret_is_hidden(written: str, secret: str) -> None:
    assert secret not in support.redacted(f"at 10:00 {written}\nnext line", set())


@pytest.mark.parametrize(
    "written",
    [
        "SL-0203: Kafka refuses the credentials of streamlake-api",
        "STREAMLAKE_BOOTSTRAP_SERVERS=127.0.0.1:9092",
        "listeners=SASL_PLAINTEXT://127.0.0.1:9092",
        "security.protocol=SASL_PLAINTEXT",
        "STREAMLAKE_API_KEYS_FILE=/etc/streamlake/api-keys.json",
        "orders: lag 0, landed up to 2026-11-21T10:00:00Z",
    ],
)
def test_what_helps_stays(credentials: Path, written: str) -> None:
    assert support.redacted(written, support.secrets_of((str(credentials),))) == written


def test_a_planted_secret_is_in_no_file_of_the_archive(
    credentials: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = tmp_path / "streamlake.env"
    settings.write_text(f"STREAMLAKE_DEPLOYMENT=test\n# somebody's note: {SECRET}\n")
    commands = {"a/log.txt": ["echo", f"login with {SECRET} failed"], "a/none.txt": ["no-such-program"]}
    monkeypatch.setattr(support, "SECRET_FOLDERS", (str(credentials),))
    monkeypatch.setattr(support, "FILES", (str(settings), str(tmp_path / "none")))
    monkeypatch.setattr(support, "COMMANDS", commands)
    monkeypatch.setattr(support, "journals", lambda _: {})
    assert support.main(["lake-1", str(tmp_path / "out.tar.gz"), "24 hours ago"]) == 0
    at = capsys.readouterr().out.strip()
    with tarfile.open(tmp_path / "out.tar.gz") as tar:
        texts = {name: (tar.extractfile(name) or pytest.fail(name)).read().decode() for name in tar.getnames()}
    assert f"lake-1-{at}/a/log.txt" in texts
    assert "STREAMLAKE_DEPLOYMENT=test" in texts[f"lake-1-{at}/files{settings}"]
    assert "there is no no-such-program on this host" in texts[f"lake-1-{at}/a/none.txt"]
    assert not [name for name, text in texts.items() if SECRET in text]
    assert support.HIDDEN in texts[f"lake-1-{at}/a/log.txt"], "it was not hidden, but lost"
