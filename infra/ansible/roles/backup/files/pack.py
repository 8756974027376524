"""Packs what this host cannot make again into one tar: `pack.py DESTINATION`. Prints what is in it.

Secrets, contracts, keys, settings, the numbers of the Kafka node, Airflow's database. Neither Kafka's records nor the
lake: what was landed is in the lake, and what was not is read from the brokers that are left.
"""

import json
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

KEPT = [
    *("/etc/streamlake/contracts", "/etc/streamlake/credentials", "/etc/streamlake/streamlake.env"),
    *("/etc/streamlake/api-keys.json", "/etc/streamlake/kafka-ca.pem"),
    *("/etc/kafka/principals", "/etc/kafka/ca", "/etc/kafka/credentials", "/etc/kafka/server.properties"),
    *("/etc/airflow/credentials", "/etc/airflow/airflow.env"),
    "/var/lib/kafka/data/meta.properties",
]


def topics() -> dict[str, object]:
    """Kafka's topics: id, partitions, settings and where each log ends; {} where nothing on this host can ask."""
    program = "/opt/streamlake/current/bin/python"
    if not Path(program).exists() or not Path("/etc/streamlake/credentials/kafka-admin").exists():
        return {}
    settings = dict(
        line.split("=", 1)
        for line in Path("/etc/streamlake/streamlake.env").read_text().splitlines()
        if line.startswith("STREAMLAKE_")
    )
    settings["STREAMLAKE_KAFKA_CLIENT_FILE"] = "/etc/streamlake/credentials/kafka-admin"
    code = (
        "import json, os\n"
        "from streamlake.settings import load\n"
        "from streamlake.kafka.admin import Admin\n"
        "from streamlake.kafka.client_file import security_of\n"
        "settings = load(os.environ)\n"
        "admin = Admin(settings.bootstrap_servers, security=security_of(settings))\n"
        "found = {name: admin.topic(name) for name in admin.topics()}\n"
        "print(json.dumps({'cluster_id': admin.cluster_id(), 'topics': {name: {'id': str(t.id),"
        " 'partitions': t.partitions, 'config': {k: t.config[k] for k in sorted(t.own) if k in t.config},"
        " 'ends': {p: b.end for p, b in admin.all_bounds(name, range(t.partitions)).items()}}"
        " for name, t in found.items() if t is not None}}))\n"
    )
    run = subprocess.run([program, "-c", code], env=settings, capture_output=True, text=True, check=False, timeout=120)
    if run.returncode:
        raise SystemExit(f"Kafka's topics could not be read: {run.stderr.strip()[-300:]}")
    return json.loads(run.stdout)


def dump(folder: Path) -> Path | None:
    """Airflow's database as pg_restore reads it, where this host has it."""
    if subprocess.run(["systemctl", "--quiet", "is-active", "postgresql"], check=False).returncode:
        return None
    asked = ["runuser", "-u", "postgres", "--", "psql", "-tAc", "select 1 from pg_database where datname='airflow'"]
    if subprocess.run(asked, capture_output=True, text=True, check=True, cwd="/").stdout.strip() != "1":
        return None
    path = folder / "airflow.dump"
    with path.open("wb") as file:
        command = ["runuser", "-u", "postgres", "--", "pg_dump", "--format=custom", "airflow"]
        subprocess.run(command, stdout=file, check=True, cwd="/")
    return path


def main() -> int:
    """See the module."""
    destination = Path(sys.argv[1])
    os.umask(0o077)
    with tempfile.TemporaryDirectory(dir=destination.parent) as made:
        folder = Path(made)
        release = Path("/opt/streamlake/current")
        facts: dict[str, object] = {"release": release.resolve().name if release.exists() else "", "kafka": topics()}
        (folder / "facts.json").write_text(json.dumps(facts))
        database = dump(folder)
        with tarfile.open(destination, "w:gz") as tar:
            tar.add(folder / "facts.json", "facts.json")
            if database:
                tar.add(database, "airflow.dump")
            for path in KEPT:
                if Path(path).exists():
                    tar.add(path, path.lstrip("/"))
            names = tar.getnames()
    print(json.dumps({**facts, "files": len(names), "database": database is not None}))
    return 0


sys.exit(main())
