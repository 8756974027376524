"""PURE. From the bytes of SSH_ORIGINAL_COMMAND to a verb and its checked fields, or WrongRequest.

The grammar is one verb, one space, one JSON object, in printable ASCII. Nothing in it is ever given to a shell, so
nothing needs quoting; a JSON text holds other characters as escapes.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from streamlake.dispatch.errors import WrongRequest
from streamlake.dispatch.fields import Field

MOST_BYTES: Final = 4096
_FORM: Final = re.compile(rb"([a-z]{1,16}) (\{[ -~]*\})")
_EXAMPLE: Final = """Send one verb and one JSON object, such as: units {"action":"status","dataset":"all"}"""


class Schema(NamedTuple):
    """The fields of a verb's object. Whatever is not named here is refused."""

    required: Mapping[str, Field]
    optional: Mapping[str, Field]


class Request(NamedTuple):
    """What was asked for, every value checked."""

    verb: str
    fields: dict[str, Any]


def parse(command: bytes, schemas: Mapping[str, Schema]) -> Request:
    """The request in `command`; WrongRequest says what is wrong with it and never repeats its bytes."""
    if not command:
        raise WrongRequest("This account runs requests, and has no shell.", next_step=_EXAMPLE)
    if len(command) > MOST_BYTES:
        raise WrongRequest(f"The request is longer than {MOST_BYTES} bytes.")
    form = _FORM.fullmatch(command)
    if form is None:
        raise WrongRequest("This is not one verb and one JSON object in printable ASCII.", next_step=_EXAMPLE)
    verb = form[1].decode()
    schema = schemas.get(verb)
    if schema is None:
        raise WrongRequest("There is no such verb.", next_step=f"Verbs: {', '.join(sorted(schemas))}.")
    return Request(verb, _checked(_json(form[2].decode()), schema))


def _json(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except WrongRequest:
        raise
    except (ValueError, RecursionError):
        raise WrongRequest("What follows the verb is not JSON.", next_step=_EXAMPLE) from None
    if not isinstance(document, dict):  # the grammar has seen to it; a change there must not open this
        raise WrongRequest("What follows the verb is not an object.", next_step=_EXAMPLE)
    return document


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise WrongRequest("A key stands twice in an object.")
    return document


def _no_constant(_: str) -> Any:
    raise WrongRequest("NaN and Infinity are not JSON.")


def _checked(document: dict[str, Any], schema: Schema) -> dict[str, Any]:
    known = {**schema.required, **schema.optional}
    wrong = [f"{name} is missing" for name in schema.required if name not in document]
    if document.keys() - known.keys():
        wrong.append(f"a field is not known; the fields are {', '.join(known)}")
    wrong += [f"{name} {said}" for name in known if name in document and (said := known[name](document[name]))]
    if wrong:
        raise WrongRequest("; ".join(wrong) + ".")
    return document
