"""Where everything stands on a host. Fixed: nothing of it comes from the request or its environment."""

from typing import NamedTuple


class Places(NamedTuple):
    """Absolute paths and bounds; a test gives its own, a request cannot."""

    systemctl: str = "/usr/bin/systemctl"
    streamlake: str = "/opt/streamlake/current/bin/streamlake"
    settings_file: str = "/etc/streamlake/streamlake.env"
    contracts_dir: str = "/etc/streamlake/contracts"
    control_dir: str = "/var/lib/streamlake/state/control"
    lock_dir: str = "/run/streamlake-ops"
    # Both together stay below the `cmd_timeout` of dags/units.py.
    work_seconds: float = 120.0
    lock_seconds: float = 120.0
