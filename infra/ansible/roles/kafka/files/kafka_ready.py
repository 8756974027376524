#!/usr/bin/python3 -I
"""Wait until the broker on this host answers; end with 1 when its process has ended. What it asks needs no login."""

import os
import socket
import ssl
import struct
import sys
import time

# ApiVersions, version 0, from the client "ready".
REQUEST = struct.pack(">hhih5s", 18, 0, 1, 5, b"ready")


def answers(port, tls):
    """Whether a broker speaks Kafka's protocol there."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as plain:
            # Whether its certificate is good is for clients to judge; here it is our own process.
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            with context.wrap_socket(plain) if tls else plain as stream:
                stream.sendall(struct.pack(">i", len(REQUEST)) + REQUEST)
                head = stream.recv(10)
                return len(head) == 10 and struct.unpack(">iih", head)[1:] == (1, 0)
    except (OSError, ValueError):
        return False


def gone(process):
    """Whether a process has ended. Asked by a signal, for a unit does not see its own processes in /proc."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def main():
    """See the module."""
    port, tls = int(os.environ["KAFKA_PORT"]), os.environ["KAFKA_TLS"] == "true"
    process = os.environ.get("MAINPID", "")
    while not answers(port, tls):
        if process and gone(int(process)):
            print("Kafka ended before it answered; its own lines above say why.", file=sys.stderr)
            return 1
        time.sleep(0.2)
    return 0


sys.exit(main())
