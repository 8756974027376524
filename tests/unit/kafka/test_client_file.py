"""The file with Kafka's credentials: what is taken, and that what is wrong is said without a secret in it."""

from pathlib import Path

import pytest

from streamlake.errors import EXIT_WRONG_USE
from streamlake.kafka.client_file import WrongClientFile, read, security_of
from streamlake.settings import load

PASSWORD = "hunter2=secret"
GOOD = f"security.protocol=SASL_PLAINTEXT\nsasl.mechanism=SCRAM-SHA-512\nsasl.username=u\nsasl.password={PASSWORD}\n"


def written(tmp_path: Path, text: str | bytes) -> Path:
    """A client file."""
    path = tmp_path / "kafka"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_whole_file_is_taken_as_it_stands(tmp_path: Path) -> None:
    """An equals sign in a password belongs to it, comments and empty lines to nothing, and librdkafka's name works."""
    text = "# ours\n\n! theirs\r\n" + GOOD.replace("sasl.mechanism=", "  sasl.mechanisms = ").replace("\n", "\r\n")
    assert read(written(tmp_path, text)) == {
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "u",
        "sasl.password": PASSWORD,
    }


def test_no_file_means_no_security_and_a_path_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Children of a process read the same file from wherever they stand."""
    assert security_of(load({})) is None
    monkeypatch.chdir(tmp_path)
    written(tmp_path, GOOD)
    settings = load({"STREAMLAKE_KAFKA_CLIENT_FILE": "kafka"})
    assert settings.kafka_client_file == str(tmp_path / "kafka")
    found = security_of(settings)
    assert found is not None
    assert found["sasl.username"] == "u"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD + "acks=0\n", "'acks'"),
        (GOOD + "enable.ssl.certificate.verification=false\n", "enable.ssl"),
        (GOOD + "ssl.endpoint.identification.algorithm=none\n", "endpoint"),
        (GOOD + "sasl.password=other\n", "again"),
        (GOOD + PASSWORD.replace("=", ""), "line 5 is not name=value"),
        (GOOD.replace("SASL_PLAINTEXT", "SASL"), "security.protocol must be"),
        (GOOD.replace("security.protocol=SASL_PLAINTEXT\n", ""), "security.protocol is missing"),
        (GOOD.replace("SCRAM-SHA-512", "OAUTHBEARER"), "sasl.mechanism must be"),
        (GOOD.replace("sasl.username=u\n", ""), "sasl.username is missing"),
        (GOOD.replace(PASSWORD, ""), "line 4 gives sasl.password no value"),
        (GOOD.replace("SASL_PLAINTEXT", "PLAINTEXT"), "sasl.password is set"),
        (GOOD + "ssl.ca.location=ca.pem\n", "ssl.ca.location is set"),
        (GOOD.replace("SASL_PLAINTEXT", "SASL_SSL") + "ssl.ca.location=absent.pem\n", "No such file"),
        (GOOD.replace("SASL_PLAINTEXT", "SASL_SSL") + "ssl.ca.location=kafka\n", "no certificate in PEM"),
        (GOOD.replace("SASL_PLAINTEXT", "SASL_SSL") + "ssl.key.location=kafka\n", "belong together"),
        ("", "security.protocol is missing"),
        (b"\xff\xfe", "not UTF-8"),
        (b"#" * 70000, "64 KiB"),
    ],
)
def test_what_is_wrong_is_named_and_no_value_is_told(tmp_path: Path, text: str | bytes, said: str) -> None:
    """Every mistake ends with 2, names the file and the setting, and keeps the password to itself."""
    with pytest.raises(WrongClientFile) as caught:
        read(written(tmp_path, text))
    assert said in str(caught.value)
    assert str(tmp_path / "kafka") in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert caught.value.exit_code == EXIT_WRONG_USE


def test_a_file_that_is_not_there_or_is_a_folder_is_said(tmp_path: Path) -> None:
    """A unit without its credential ends at once, and says so."""
    for path in (tmp_path / "absent", tmp_path):
        with pytest.raises(WrongClientFile, match="cannot be read"):
            read(path)


def test_paths_stand_beside_the_file(tmp_path: Path) -> None:
    """As in a unit's folder of credentials, whose name is only known as the unit runs."""
    with pytest.raises(WrongClientFile) as caught:
        read(written(tmp_path, GOOD.replace("SASL_PLAINTEXT", "SASL_SSL") + "ssl.ca.location=ca.pem\n"))
    (tmp_path / "ca.pem").write_text("x")
    with pytest.raises(WrongClientFile, match="PEM"):
        read(tmp_path / "kafka")
    assert "ca.pem" not in str(caught.value)
