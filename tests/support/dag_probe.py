"""Run by Airflow's Python: what a folder of DAGs holds, as JSON; and what its commands become for given parameters.

argv: the folder, and a JSON list of parameters to try on the DAG `units`.
"""

import copy
import json
import sys
from typing import Any

from airflow.dag_processing.dagbag import DagBag  # type: ignore[import-not-found]
from airflow.providers.ssh.operators.ssh import SSHOperator  # type: ignore[import-not-found]


def tried(dag: Any, conf: dict[str, Any]) -> dict[str, Any]:
    """Whether the parameters' schema takes it, and what the command would be all the same."""
    params = copy.deepcopy(dag.params)
    try:
        params.update(conf)
        params.validate()
        taken = True
    except Exception:  # noqa: BLE001 - whatever it says, it was refused
        taken = False
    template = dag.get_task("ask").partial_kwargs["command"]
    return {"taken": taken, "command": dag.get_template_env().from_string(template).render(params=conf)}


def main() -> None:
    """Print the document."""
    bag = DagBag(sys.argv[1], safe_mode=False)
    dags = {}
    for dag in bag.dags.values():
        operators = [task for task in dag.tasks if task.task_type == SSHOperator.__name__]
        dags[dag.dag_id] = {
            "schedule": type(dag.timetable).__name__,
            "catchup": dag.catchup,
            "params": {name: dag.params.get_param(name).schema for name in dag.params},
            "ssh": [
                {key: task.partial_kwargs.get(key) for key in ("cmd_timeout", "conn_timeout", "get_pty", "retries")}
                for task in operators
            ],
        }
    trials = [tried(bag.dags["units"], conf) for conf in json.loads(sys.argv[2])] if "units" in bag.dags else []
    json.dump({"errors": bag.import_errors, "dags": dags, "trials": trials}, sys.stdout)


main()
