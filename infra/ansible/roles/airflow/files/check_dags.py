"""Fails, with the traces, where a DAG file cannot be imported: check_dags.py FOLDER.

`airflow dags list-import-errors` prints the errors and ends with 0.
"""

import sys

from airflow.dag_processing.dagbag import DagBag

bag = DagBag(sys.argv[1], safe_mode=False)
for name, error in bag.import_errors.items():
    print(f"{name}:\n{error}", file=sys.stderr)
if bag.import_errors or not bag.dags:
    sys.exit("These DAGs do not work." if bag.import_errors else "There is no DAG.")
print(" ".join(sorted(bag.dags)))
