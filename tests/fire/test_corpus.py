"""Each class of the corpus gets its answer; what is refused is not in the log, what is acknowledged is, byte for byte;
and no request is taken for another one."""

import pytest

from tests.fire import corpus_bodies, corpus_headers, corpus_http
from tests.fire.case import Case
from tests.fire.target import Target
from tests.fire.wire import Answer

pytestmark = pytest.mark.broker

TABLES = (
    corpus_http.LINES,
    corpus_http.TARGETS,
    corpus_http.FRAMING,
    corpus_headers.HEADERS,
    corpus_headers.KEYS,
    corpus_headers.ATTEMPTS,
    corpus_bodies.JSON,
    corpus_bodies.BATCHES,
    corpus_bodies.PACKED,
    corpus_bodies.MEANING,
)
CORPUS: dict[str, Case] = {name: case for table in TABLES for name, case in table.items()}


def test_the_corpus_is_whole() -> None:
    assert len(CORPUS) == sum(len(table) for table in TABLES) >= 60


@pytest.mark.parametrize("name", CORPUS)
def test_a_class(target: Target, name: str) -> None:
    case = CORPUS[name]
    with target.wire() as wire:
        wire.send(target.with_key(case.sent))
        if case.ends:
            wire.end()
        answers = []
        if case.status is not None:
            for status in (case.status, *case.then):
                answer = wire.answer(to_head=case.to_head)
                assert answer is not None, f"it hung up instead of a {status}"
                assert answer.status == status, answer
                answers.append(answer)
        if case.stays:
            target.answers_on(wire)
        elif case.stays is False:
            assert wire.is_closed()
    _check_words(case, answers)
    _note(target, case, answers)


def _check_words(case: Case, answers: list[Answer]) -> None:
    for answer in answers:
        if answer.status >= 400 and not case.to_head:
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json["status"] == answer.status
            assert answer.json["error_id"].startswith("SL-05")
            assert answer.json["type"].endswith(answer.json["error_id"])
    if case.says:
        assert case.says in next(answer.json["detail"] for answer in answers if answer.status >= 400)


def _note(target: Target, case: Case, answers: list[Answer]) -> None:
    left = case.kept
    for answer in answers:
        count = len(answer.json["receipts"]) if answer.status in (202, 207) else 0
        target.note(answer, left[:count])
        left = left[count:]
    assert not left, "not all was acknowledged"
