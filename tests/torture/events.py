"""Events of the torture's dataset as bytes: good, odd and bad ones. Each holds its own id, so none is twice."""

import random

Made = tuple[str, bytes]

BAD_ODDS = 0.05
ODD_TEXTS = ("plain", "Größe", "日本", "\\ud83d\\ude00", "a\\u0000b", "x" * 2000, "tab\\there")


def good(dice: random.Random, id: str) -> bytes:
    """One that the contract takes, in one of many dresses."""
    text = dice.choice(ODD_TEXTS)
    number = dice.choice(("1", "-0", "12345678901234567890", "7"))
    match dice.randrange(5):
        case 0:
            return f'{{"id":"{id}","n":7}}'.encode()
        case 1:
            return f'{{ "id" : "{id}" ,\t"n": 3, "amount": 1.50, "deep": [[{{"a": null}}]] }}'.encode()
        case 2:
            return f'{{"text":"{text}","id":"{id}"}}'.encode()
        case 3:
            return f'{{"id":"{id}","big":{number},"twice":1,"twice":2}}'.encode()
        case _:
            return f'{{"id":"{id}","n":{dice.randrange(10**6)},"text":"{text}","e":1E400}}'.encode()


def breaks_contract(dice: random.Random, id: str) -> bytes:
    """JSON, but not what the contract says."""
    return dice.choice((f'{{"no_id":"{id}"}}', f'{{"id":"{id}","n":"seven"}}', f'{{"id":7,"is":"{id}"}}')).encode()


def broken(dice: random.Random, id: str) -> bytes:
    """No JSON on one line."""
    return dice.choice((f'{{"id":"{id}"', f'{{"id":"{id}","n":NaN}}', f'{{"id":"{id}",}}', f"<xml>{id}</xml>")).encode()


def poison(dice: random.Random, id: str) -> bytes:
    """What only somebody who writes into Kafka himself can put there."""
    spoilt = id.encode()
    return dice.choice((b'{"id":"\xff%b"}' % spoilt, b"\x00\x01%b\xfe" % spoilt, b"[" * 80 + spoilt, broken(dice, id)))


def batch(dice: random.Random, ids: list[str]) -> list[Made]:
    """Events for one request: mostly good, a few that break the contract."""
    return [(its, breaks_contract(dice, its) if dice.random() < BAD_ODDS else good(dice, its)) for its in ids]
