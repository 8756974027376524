"""Decompress the chosen parts and look at every line: the last and longest step of an audit that reads."""

from streamlake.audit.dead_letter_rules import Seen
from streamlake.audit.folders import exists
from streamlake.audit.ledger import StoredClaim, read_ahead
from streamlake.audit.looking import Log, Looking
from streamlake.audit.part_rules import LetterLine, judge_part, read_part
from streamlake.storage import layout


def read_parts(looking: Looking) -> None:
    """Every part that chance has chosen; where it chose none of those that are there, the one that was nearest."""
    if not looking.options.reads:
        return
    for log in looking.logs.values():
        _read_log(looking, log)
    checked, least = looking.checked, looking.state.least
    if checked.parts_to_read == 0 and least is not None and least[1] in looking.logs:
        checked.parts_to_read, checked.bytes_to_read = 1, least[3]
        log = looking.logs[least[1]]
        _read(looking, log, looking.claim(log, least[2]), judged=True)


def _read_log(looking: Looking, log: Log) -> None:
    position, options = log.position, looking.options
    letters = options.deep and position.zone == layout.DEAD_LETTERS
    window = position.window or (position.at, position.at - 1)
    first = max(window[0], position.read_up_to)
    # A dead letter may land on a later day than the record that it is of.
    starts = log.names.within(first, None if letters else window[1] + 1)
    partition = position.report.partition
    chosen = (start for start in starts if options.reads_part(position.report.chain, partition, start))
    for stored in read_ahead(looking.pool, chosen, lambda start: looking.claim(log, start)):
        _read(looking, log, stored, judged=stored.start <= window[1])
        position.read_up_to = stored.start + 1
        looking.step()


def _read(looking: Looking, log: Log, stored: StoredClaim, *, judged: bool) -> None:
    claim, checked = stored.claim, looking.checked
    if claim is None or not exists(looking.store, claim.part):
        return  # that was found already
    letters = looking.options.deep and log.position.zone == layout.DEAD_LETTERS
    balance = looking.state.balance

    def note(line: LetterLine) -> None:
        balance.letter(Seen(line.key, line.why))

    content = read_part(looking.store, claim, note if letters else None)
    if not judged:
        return
    for finding in judge_part(claim, stored.amendments, content):
        looking.find(finding)
    checked.parts_read += 1
    checked.lines_read += content.records
    checked.bytes_read += content.size
    looking.tell("bytes", checked.bytes_read, checked.bytes_to_read)
