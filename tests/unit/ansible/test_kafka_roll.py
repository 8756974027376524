"""A roll that is interrupted goes on behind the nodes that are done: each is noted on disk before it counts as done."""

import yaml

from tests.support.host_programs import ROLES


def test_nothing_comes_behind_the_fact_that_ends_the_blocks_condition() -> None:
    """Ansible asks a block's `when` again for each task: the note on disk stood behind that fact, and was not made."""
    (block,) = yaml.safe_load((ROLES / "kafka" / "tasks" / "node.yml").read_text())
    assert "kafka_roll.done" in block["when"]
    names = [task["name"].partition(":")[0] for task in block["block"]]
    sets = [n for n, task in enumerate(block["block"]) if "kafka_roll" in task.get("ansible.builtin.set_fact", {})]
    assert sets == [len(names) - 1]
    assert names[-2] == "Note it for a later run"
