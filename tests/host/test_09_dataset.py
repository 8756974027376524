"""A dataset is a contract: with one more of them and the play run, its unit starts, and no other begins anew."""

import json
import shutil

import pytest
import yaml

from tests.support.host import states
from tests.support.host.deployment import Deployment
from tests.support.host.machine import ROOT, Host
from tests.support.host.operator import UNITS, audit, lake
from tests.support.host.traffic import lines

pytestmark = pytest.mark.timeout(600)
_NAME = "returns"


def test_only_the_new_datasets_unit_starts(deployment: Deployment, site: Host) -> None:
    contracts = deployment.fleet.folder / "contracts"
    shutil.copytree(ROOT / "contracts", contracts)
    shutil.copytree(contracts / "orders", contracts / _NAME)
    path = contracts / _NAME / "contract.yaml"
    contract = yaml.safe_load(path.read_text().replace("urn:streamlake:orders", f"urn:streamlake:{_NAME}"))
    contract["name"] = _NAME
    contract["schema"][0]["name"] = _NAME
    path.write_text(yaml.safe_dump(contract, sort_keys=False))
    datasets = [folder.name for folder in (ROOT / "contracts").iterdir() if (folder / "contract.yaml").exists()]
    others = [*UNITS, *(f"streamlake-consumer@{name}.service" for name in datasets)]
    begun = states.begun(site, *others)
    deployment.set(streamlake_contracts_dir=str(contracts))
    deployment.done()
    unit = states.unit(site, f"streamlake-consumer@{_NAME}.service")
    assert unit["ActiveState"] == "active"
    assert states.begun(site, *others) == begun
    event = json.loads(next(iter(sorted((contracts / _NAME / "examples" / "ok").glob("*.json")))).read_text())
    site.run(f"cat > /run/event.ndjson && streamlake send {_NAME} /run/event.ndjson", stdin=json.dumps(event) + "\n")
    site.run(f"streamlake status {_NAME} --exit-when caught-up --timeout 60", seconds=90)
    audit(site, _NAME)
    assert sum(lines(lake(site), _NAME).values()) >= 1
