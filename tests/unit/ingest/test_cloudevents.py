"""CloudEvents: `data` as it came is the value; attributes are headers; what is wrong is named."""

import base64
import json
from typing import Any

import pytest

from streamlake.ingest import cloudevents
from streamlake.ingest.errors import Malformed

GOOD = {"specversion": "1.0", "id": "1", "source": "/shop", "type": "order.placed"}


def envelope(**members: Any) -> bytes:
    return json.dumps({name: value for name, value in {**GOOD, **members}.items() if value != "-"}).encode()


def test_data_keeps_its_bytes() -> None:
    data = b'{"a" : 1.10,\n "a":18446744073709551616 , "s":"\\u00e9"}'
    event = cloudevents.structured(envelope()[:-1] + b', "data" : ' + data + b' , "subject":"\\u20ac"}')
    assert event.value == data
    assert dict(event.headers) == {
        "ce_specversion": b"1.0",
        "ce_id": b"1",
        "ce_source": b"/shop",
        "ce_type": b"order.placed",
        "ce_subject": "€".encode(),
    }
    assert (event.source, event.id) == ("/shop", "1")


def test_base64_data_is_decoded() -> None:
    assert cloudevents.structured(envelope(data_base64=base64.b64encode(b'{"x":1}').decode())).value == b'{"x":1}'


def test_booleans_and_integers_have_their_own_spelling_and_null_is_absent() -> None:
    headers = dict(cloudevents.structured(envelope(data={}, flag=True, count=-5, none=None)).headers)
    assert (headers["ce_flag"], headers["ce_count"]) == (b"true", b"-5")
    assert "ce_none" not in headers


def test_binary_mode() -> None:
    event = cloudevents.binary(b" {} ", [*GOOD.items(), ("datacontenttype", "application/json")])
    assert event.value == b" {} "
    assert ("ce_datacontenttype", b"application/json") in event.headers


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b"[]", "object"),
        (b"3", "object"),
        (b"{", "read"),
        (b"", "read"),
        (b'{"data":' + b"[" * 10_000, "read"),
        (envelope(), "no data"),
        (envelope(data={}, data_base64=""), "not both"),
        (envelope(data_base64="!"), "data_base64"),
        (envelope(data_base64=3), "data_base64"),
        (envelope(id="-", data={}), "id"),
        (envelope(id="", data={}), "id"),
        (envelope(source="-", data={}), "source"),
        (envelope(type=None, data={}), "type"),
        (envelope(specversion="0.3", data={}), "specversion"),
        (envelope(data={}, subject={"a": 1}), "subject"),
        (envelope(data={}, subject=1.5), "subject"),
        (envelope(data={}, **{"Upper-Case": "x"}), "Upper-Case"),
        (envelope(data={})[:-1] + b',"subject":"\\ud800"}', "read"),
        (envelope(data={})[:-1] + b',"subject":"\xff"}', "subject"),
    ],
)
def test_what_is_wrong_is_named(body: bytes, place: str) -> None:
    with pytest.raises(Malformed) as refused:
        cloudevents.structured(body)
    assert place in refused.value.message


def test_an_attribute_that_stands_twice_among_the_headers_is_refused() -> None:
    with pytest.raises(Malformed):
        cloudevents.binary(b"{}", [*GOOD.items(), ("id", "2")])
