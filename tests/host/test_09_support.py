"""The bundle for whoever is to help: it tells what happened, and holds none of the host's secrets."""

import base64
import tarfile

import pytest

from tests.support.host.deployment import Deployment
from tests.support.host.machine import Host

pytestmark = pytest.mark.timeout(600)
_FOLDERS = "/etc/streamlake/credentials /etc/kafka/credentials /etc/kafka/principals /etc/airflow/credentials"
_PLANTED = "Tr0ub4dor-and-3-planted"


def _secrets(host: Host) -> set[str]:
    """Every password and key that stands in a file of this host, as somebody who looks for them would spell it."""
    text = host.run(f"cat $(find {_FOLDERS} -type f)")
    values = {line.partition("=")[2] if line.startswith("sasl.password=") else line for line in text.splitlines()}
    words = {value for value in values if len(value) > 15 and " " not in value and "=" not in value[:-2]}
    assert len(words) > 8, "there are more secrets than that on a host"
    return words


def test_a_support_bundle_holds_no_secret_and_tells_what_happened(deployment: Deployment, site: Host) -> None:
    """A secret is planted where people leave them: in a log line, in an address, in a header."""
    site.run(f"echo 'sasl.password={_PLANTED}' > /etc/streamlake/credentials/planted")
    said = f"login failed: password {_PLANTED}, tried postgresql://ops:{_PLANTED}@db/x, then Bearer {_PLANTED}"
    site.run(f"logger -p user.err -t streamlake-planted {said!r}")
    folder = deployment.fleet.folder / "support"
    try:
        played = deployment.done("support.yml", "-e", f"support_folder={folder}")
    finally:
        site.run("rm /etc/streamlake/credentials/planted")
    (archive,) = folder.glob("lake-1-*.tar.gz")
    with tarfile.open(archive) as opened:
        texts = {member.name: opened.extractfile(member).read() for member in opened if member.isfile()}  # type: ignore[union-attr]
    everything = b"\n".join(texts.values()) + played.text.encode()
    for secret in {_PLANTED, *_secrets(site)}:
        for spelled in (secret.encode(), base64.b64encode(secret.encode()).rstrip(b"=")):
            assert spelled not in everything, f"a secret of {len(secret)} characters is in the bundle"
    assert played.changed == 0
    names = " ".join(texts)
    for told in ("units/status.txt", "streamlake/doctor.json", "host/disk.txt"):
        assert told in names
    assert b"streamlake-consumer@orders" in everything
    assert b"landed" in everything, "the journal of the units"
    assert b"login failed" in everything, "what was planted is in it, but for the secret"
    assert site.run("ls /tmp").find("streamlake-support") < 0
