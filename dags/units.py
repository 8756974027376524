"""Look at, start, stop, restart, pause and resume the consumers of a dataset, or of all, on every host that has them.

Each host is asked over SSH; its key may run one dispatcher, which takes one verb and one JSON object. Nothing is
tried twice by itself: whoever asks sees the answer and decides.
"""

import base64
import datetime
import json
import os
from typing import Any

from airflow.providers.ssh.operators.ssh import SSHOperator
from airflow.sdk import DAG, Param, task

CONNECTIONS = json.loads(os.environ.get("STREAMLAKE_OPS_CONNECTIONS", '["streamlake_ops"]'))
# To Python `$` also stands before a newline at the end; to a browser the rest says nothing.
NAME = r"^[a-z][a-z0-9_]{0,47}$(?!\n)"
REQUEST = """units {{ {
    "action": params.action, "dataset": params.dataset, "reason": params.reason, "if_placed": true
} | tojson }}"""


@task(trigger_rule="all_done")
def show(answers: Any) -> list[dict[str, Any]]:
    """Print what each host said, and fail unless every host answered and one of them has the dataset."""
    documents = [json.loads(base64.b64decode(answer)) for answer in answers]
    units = [unit | {"host": document["host"]} for document in documents for unit in document["units"]]
    for unit in units:
        paused = ", paused" if unit["paused"] else ""
        print(f"{unit['host']}: {unit['unit']} is {unit['state']} ({unit['sub']}{paused}) {unit['status']}")  # noqa: T201
    if len(documents) < len(CONNECTIONS):
        message = f"{len(CONNECTIONS) - len(documents)} of {len(CONNECTIONS)} hosts did not do it: see their logs."
        raise RuntimeError(message)
    if not units:
        message = "No host has a consumer of this dataset."
        raise RuntimeError(message)
    return units


with DAG(
    "units",
    description="Status, start, stop, restart, pause, resume of one dataset's consumers, or of all",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
    catchup=False,
    max_active_runs=4,
    tags=["streamlake", "runbook"],
    params={
        "action": Param(
            "status",
            type="string",
            enum=["status", "start", "stop", "restart", "pause", "resume"],
            description="`stop` ends the process; `pause` keeps it and lands nothing until `resume`.",
        ),
        "dataset": Param(None, type="string", pattern=NAME, description="The dataset, or `all` of them."),
        "reason": Param(
            None,
            type="string",
            pattern=r"^[^\x00-\x1f\x7f]{3,200}$(?!\n)",
            description="Why. It stands in each host's journal.",
        ),
    },
    render_template_as_native_obj=False,
):
    asked = SSHOperator.partial(
        task_id="ask",
        command=REQUEST.replace("\n", " "),
        # Above what the dispatcher takes at most: 120 s for its turn and 120 s for the work.
        cmd_timeout=270,
        conn_timeout=10,
        get_pty=False,
        retries=0,
        map_index_template="{{ task.ssh_conn_id }}",
    ).expand(ssh_conn_id=CONNECTIONS)
    show(asked.output)
