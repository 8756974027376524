"""Makes the administrator `ops` where there is none, with the password of a credential file; prints what it did.

Airflow's command takes a password as an argument, which every process of the host could read.
"""

import os
import sys
from pathlib import Path

from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder


def main() -> None:
    """Print `made` or `there`."""
    password = Path(os.environ["CREDENTIALS_DIRECTORY"], "ops-password").read_text().strip()
    with get_application_builder() as builder:
        users = builder.sm
        if users.find_user("ops"):
            print("there")
        elif users.add_user("ops", "Operators", "of StreamLake", "ops@localhost", users.find_role("Admin"), password):
            print("made")
        else:
            sys.exit("Airflow did not make the user ops.")


main()
