"""What the JSON API answers, taken apart."""

import re
from typing import Final, TypeVar

import msgspec

from streamlake.storage.errors import StoreTrouble
from streamlake.storage.gcs_errors import from_status
from streamlake.storage.gcs_http import Answer

T = TypeVar("T")
_RANGE: Final = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


class Stored(msgspec.Struct, rename="camel"):
    """What the API says of an object; a figure that an emulator leaves out is None."""

    size: str | int = 0
    crc32c: str | None = None


class Listed(msgspec.Struct):
    """One object of a listing."""

    name: str


class Page(msgspec.Struct, rename="camel"):
    """Some of a listing's objects, and where the next ones are asked for."""

    items: list[Listed] = []
    next_page_token: str = ""


STORED: Final = msgspec.json.Decoder(Stored)
LISTING: Final = msgspec.json.Decoder(Page)


def announced_crc32c(answer: Answer) -> str | None:
    """The checksum of the whole object, where the bucket gives one and the answer is the whole object."""
    found = [h.strip() for h in answer.headers.get("x-goog-hash", "").split(",")]
    return next((h.removeprefix("crc32c=") for h in found if h.startswith("crc32c=")), None)


def decode(document: "msgspec.json.Decoder[T]", answer: Answer, doing: str) -> T:
    """The answer's document; the error that its status stands for, where it is none."""
    if answer.status != 200:
        raise from_status(answer.status, answer.body, doing)
    try:
        return document.decode(answer.body)
    except msgspec.DecodeError as error:
        raise StoreTrouble(f"Could not {doing}: the answer is not what the API gives: {error}.") from error


def cut(answer: Answer, start: int, length: int, doing: str) -> bytes:
    """The bytes of a range, whatever way the server has of answering; StoreTrouble where they are others or too few."""
    if answer.status == 416:
        return b""  # it begins at the end or behind it
    if answer.status == 200:
        return answer.body[start : start + length]  # a server that knows no ranges
    found = _RANGE.fullmatch(answer.headers.get("content-range", ""))
    if found is None or int(found[1]) != start or len(answer.body) != min(length, int(found[3]) - start):
        raise StoreTrouble(f"Could not {doing}: another range came than was asked for.")
    return answer.body
