"""Signs the request on stdin with the cluster's authority; prints the certificate. Arguments: days, names."""

import subprocess
import sys
import tempfile
from pathlib import Path

EXTENSIONS = "basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\n"


def main() -> int:
    """See the module."""
    days, names = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        extensions = Path(folder) / "extensions"
        extensions.write_text(f"{EXTENSIONS}subjectAltName={names}\n")
        authority = ["-CA", "/etc/kafka/ca/ca.pem", "-CAkey", "/etc/kafka/ca/ca.key", "-CAcreateserial"]
        command = ["openssl", "x509", "-req", "-days", days, *authority, "-extfile", str(extensions)]
        return subprocess.run(command, stdin=sys.stdin, check=False).returncode


sys.exit(main())
