"""What a VM does at boot formats a new disk once, and never one that holds something."""

import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
STARTUP = HERE.parents[1] / "infra" / "terraform" / "modules" / "node" / "startup.sh"


@pytest.mark.root
def test_a_data_disk_is_formatted_once_and_outlives_its_vm(tmp_path: Path) -> None:
    rehearsal = ["unshare", "--mount", "--propagation", "private", str(HERE / "startup_rehearsal.sh")]
    done = subprocess.run([*rehearsal, str(STARTUP), str(tmp_path)], capture_output=True, text=True, timeout=60)
    if done.returncode == 77:
        pytest.skip("this machine gives no loop device")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "first: ext4 4",
        "second: kept same",
        "new boot disk: kept",
        "foreign: 1 0 swap",
    ]
