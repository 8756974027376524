"""I5: what is committed is durable, only grows, and is of our partitions."""

from streamlake.consumer.commit_manager import CommitManager

WHERE = ("streamlake.orders.raw", 0)


def test_commits_only_move_forward() -> None:
    commits = CommitManager()
    commits.assigned(WHERE)
    commits.note(WHERE, 10)
    commits.note(WHERE, 5)
    assert commits.due() == {WHERE: 10}
    commits.done({WHERE: 10})
    assert commits.due() == {}


def test_a_landing_that_ends_after_the_revocation_commits_nothing() -> None:
    commits = CommitManager()
    commits.assigned(WHERE)
    commits.revoked(WHERE)
    commits.note(WHERE, 10)
    assert commits.due() == {}


def test_a_partition_that_comes_back_begins_anew() -> None:
    commits = CommitManager()
    commits.assigned(WHERE)
    commits.note(WHERE, 10)
    commits.done(commits.due())
    commits.revoked(WHERE)
    commits.assigned(WHERE)
    commits.note(WHERE, 10)
    assert commits.due() == {WHERE: 10}
