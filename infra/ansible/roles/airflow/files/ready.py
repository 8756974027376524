"""Waits until one part of Airflow works: ready.py api-server|scheduler|dag-processor|triggerer.

systemd ends it at the unit's TimeoutStartSec. The API is asked over HTTP; the others are ready at the first heartbeat
that they wrote into the database since this unit began.
"""

import datetime
import json
import os
import sys
import time
import urllib.error
import urllib.request

import psycopg2

JOBS = {"scheduler": "SchedulerJob", "dag-processor": "DagProcessorJob", "triggerer": "TriggererJob"}


def api_answers(_: datetime.datetime) -> bool:
    """Whether the API answers, and reaches its database."""
    port = int(os.environ["AIRFLOW__API__PORT"])
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v2/monitor/health", timeout=5) as answer:
            return bool(json.load(answer)["metadatabase"]["status"] == "healthy")
    except (OSError, ValueError, KeyError):
        return False


def heartbeat(job: str, since: datetime.datetime) -> bool:
    """Whether a job of this kind that began after `since` has written its heartbeat."""
    url = os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace("+psycopg2", "")
    try:
        connection = psycopg2.connect(url, connect_timeout=5)
        try:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT 1 FROM job WHERE job_type = %s AND state = 'running' AND start_date >= %s", (job, since)
                )
                return cursor.fetchone() is not None
        finally:
            connection.close()
    except psycopg2.Error:
        return False


def main(part: str) -> None:
    """Return when the part is ready."""
    since = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=2)
    while not (heartbeat(JOBS[part], since) if part in JOBS else api_answers(since)):
        time.sleep(0.5)


main(sys.argv[1])
