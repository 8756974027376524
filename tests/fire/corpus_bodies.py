"""Classes of bodies: JSON that is wrong or rare, NDJSON, batches, compression, media types, CloudEvents."""

import gzip
import json
import zlib

import zstandard

from tests.fire.case import GOOD, LENIENT, Case, event, post

_NDJSON = b"application/x-ndjson"
_PAIR = (GOOD, event(b"2"))
_ZSTD = zstandard.ZstdCompressor()
_MIB = 1 << 20


def _bad(body: bytes, says: str = "byte", status: int = 400) -> Case:
    return Case(post(body), status, says=says)


def _kept(body: bytes) -> Case:
    return Case(post(body), 202, (body,))


def _packed(encoding: bytes, body: bytes, status: int = 202, kept: tuple[bytes, ...] = (), says: str = "") -> Case:
    # A body that is refused before its end is not waited for.
    stays = {413: None, 415: False}.get(status, True)
    return Case(post(body, b"Content-Encoding: " + encoding), status, kept, stays=stays, says=says)


def _lines(body: bytes, kept: tuple[bytes, ...] = _PAIR, status: int = 202, says: str = "") -> Case:
    return Case(post(body, media=_NDJSON), status, kept, says=says)


JSON = {
    "an empty body": _bad(b"", "empty"),
    "white space": _bad(b" \r\n\t", "empty"),
    "JSON that is cut short": _bad(GOOD[:-1]),
    "JSON and more": _bad(GOOD + b"x"),
    "two documents": _bad(GOOD + GOOD),
    "a comma too many": _bad(GOOD[:-1] + b",}"),
    "a comment": _bad(GOOD[:-1] + b"/**/}"),
    "single quotes": _bad(GOOD.replace(b'"', b"'")),
    "a number with a leading zero": _bad(event(b"01")),
    "a number with a plus": _bad(event(b"+1")),
    "NaN": _bad(event(b"NaN"), "NaN"),
    "Infinity": _bad(event(b"-Infinity"), "Infinity"),
    "a number in hexadecimal": _bad(event(b"0x1")),
    "True": _bad(event(b"True")),
    "a byte order mark": _bad(b"\xef\xbb\xbf" + GOOD, "byte order mark"),
    "UTF-16 with a mark": _bad(GOOD.decode().encode("utf-16"), "UTF-16"),
    "UTF-16 without a mark": _bad(GOOD.decode().encode("utf-16-le"), "UTF-16"),
    "UTF-32": _bad(GOOD.decode().encode("utf-32-be"), "UTF-16"),
    "Latin-1": _bad(event(b'"\xe9"')),
    "an overlong slash": _bad(event(b'"\xc0\xaf"')),
    "a surrogate in bytes": _bad(event(b'"\xed\xa0\x80"')),
    "half a surrogate pair": _bad(event(b'"\\ud800"')),
    "a code point above Unicode": _bad(event(b'"\xf4\x90\x80\x80"')),
    "a NUL in a string": _bad(event(b'"\0"')),
    "a line end in a string": _bad(event(b'"a\nb"')),
    "a NUL behind": _bad(GOOD + b"\0"),
    "a bad escape": _bad(event(b'"\\x41"')),
    "a depth of 65": _bad(event(b"[" * 64 + b"]" * 64), "64"),
    "a depth of 64": _kept(event(b"[" * 63 + b"]" * 63)),
    "a depth of 100,000": _bad(event(b"[" * 100_000 + b"]" * 100_000), "64"),
    "a depth of 100,000 that stays open": _bad(b"[" * 100_000),
    "braces without end": _bad(b'{"a":' * 50_000, "64"),
    "a string": _bad(b'"x"', "object", 422),
    "a number": _bad(b"-0", "object", 422),
    "null": _bad(b"null", "object", 422),
    "a string of 900,000 bytes": _kept(event(b'"' + b"s" * 900_000 + b'"')),
    "an event of more than a MiB": _bad(event(b'"' + b"s" * _MIB + b'"'), "", 413),
    "a name of 100,000 bytes": _kept(GOOD[:-1] + b',"' + b"k" * 100_000 + b'":1}'),
    "50,000 members": _kept(GOOD[:-1] + b"".join(b',"k%d":%d' % (n, n) for n in range(50_000)) + b"}"),
    "a member twice": _kept(GOOD[:-1] + b',"f":2}'),
    "2^64": _kept(event(b"18446744073709551616")),
    "2^63 where an integer is asked for": Case(post(GOOD.replace(b'"n":1', b'"n":9223372036854775808')), 422, says="n"),
    "a number of 10,000 digits": _kept(event(b"9" * 10_000)),
    "an integer of 10,000 digits where one is asked for": Case(
        post(GOOD.replace(b'"n":1', b'"n":' + b"9" * 10_000)), 422
    ),
    "a number of 10,000 digits where one is asked for": Case(post(GOOD.replace(b"1.10", b"9" * 10_000)), 422),
    "a fraction of 10,000 digits": _kept(GOOD.replace(b"1.10", b"0." + b"3" * 10_000)),
    "a number beyond a double": _kept(event(b"1e400")),
    "an exponent of 10,000 digits": _kept(event(b"1e" + b"9" * 10_000)),
    "escapes and rare characters": _kept(event(b'"\\ud83d\\ude00\\u0000\xe2\x80\xa8\xf0\x9f\x98\x80"')),
    "white space everywhere": _kept(b"\r\n\t " + GOOD.replace(b",", b"\r,\n") + b"\r\n"),
    "a wrong type": Case(post(GOOD.replace(b'"x"', b"1")), 422, says="id"),
    "a missing field": Case(post(b"{}"), 422, says="id"),
    "a wrong event where it is kept": Case(post(b"{}", target=LENIENT), 202, (b"{}",)),
    "what is no JSON where wrong events are kept": Case(post(b"{", target=LENIENT), 400),
}

BATCHES = {
    "an array": Case(post(b"[" + GOOD + b" , " + GOOD + b"]"), 202, (GOOD, GOOD)),
    "an array of nothing": _bad(b"[]", "no event"),
    "an array in an array": _bad(b"[[" + GOOD + b"]]", "object", 422),
    "an array that stays open": _bad(b"[" + GOOD),
    "an array with a hole": _bad(b"[" + GOOD + b",," + GOOD + b"]"),
    "an array with a wrong event": Case(post(b"[{}," + GOOD + b"]"), 207, (GOOD,)),
    "an array with an event that is no JSON": Case(post(b'[{"a":NaN},' + GOOD + b"]"), 207, (GOOD,)),
    "an array with half a surrogate pair": Case(post(b"[" + event(b'"\\udc00"') + b"," + GOOD + b"]"), 207, (GOOD,)),
    "an array of 10,001": _bad(b"[" + b",".join([GOOD] * 10_001) + b"]", "10,001", 413),
    "an array of 3,000,000": _bad(b"[" + b"1," * 3_000_000 + b"1]", "at most", 413),
    "lines": _lines(b"\n".join(_PAIR)),
    "lines with CRLF": _lines(b"\r\n".join(_PAIR) + b"\r\n"),
    "lines with blank ones": _lines(b"\n \n" + b"\n\r\n\n".join(_PAIR) + b"\n\n"),
    "lines with a CR only": _lines(b"\r".join(_PAIR), (), 400),
    "lines with a byte order mark": _lines(b"\xef\xbb\xbf" + GOOD, (), 400, "mark"),
    "lines with a broken one": _lines(GOOD + b"\n{\n", (GOOD,), 207),
    "lines with an event on two": _lines(GOOD.replace(b",", b",\n"), (), 400),
    "lines with an array": _lines(b"[" + GOOD + b"]\n", (), 422),
    "lines with a separator of RFC 7464": _lines(b"\x1e" + GOOD + b"\n", (), 400),
    "lines, all blank": _lines(b"\n\r\n", (), 400, "empty"),
    "10,001 lines": _lines(b"{}\n" * 10_001, (), 413, "at most"),
    "4,000,000 lines": _lines(b"1\n" * 4_000_000, (), 413, "at most"),
    "10,000 lines, many blank": _lines((GOOD + b"\n \r\n\n") * 10_000, (GOOD,) * 10_000),
    "8,000,000 blank lines": _lines(b"\n" * 8_000_000, (), 400),
}

PACKED = {
    "gzip": _packed(b"gzip", gzip.compress(GOOD), kept=(GOOD,)),
    "gzip in capitals": _packed(b"X-GZIP", gzip.compress(GOOD), kept=(GOOD,)),
    "gzip of two members": _packed(b"gzip", gzip.compress(GOOD[:9]) + gzip.compress(GOOD[9:]), kept=(GOOD,)),
    "gzip of 2,000 empty members": _packed(b"gzip", gzip.compress(b"") * 2000, 400, says="members"),
    "gzip of nothing": _packed(b"gzip", b"", 400, says="gzip"),
    "gzip that is cut short": _packed(b"gzip", gzip.compress(GOOD)[:-1], 400, says="gzip"),
    "gzip with a wrong checksum": _packed(b"gzip", gzip.compress(GOOD)[:-8] + bytes(8), 400, says="gzip"),
    "gzip and more": _packed(b"gzip", gzip.compress(GOOD) + b"more", 400, says="gzip"),
    "gzip that is plain": _packed(b"gzip", GOOD, 400, says="gzip"),
    "gzip that is zlib": _packed(b"gzip", zlib.compress(GOOD), 400, says="gzip"),
    "gzip that is zstd": _packed(b"gzip", _ZSTD.compress(GOOD), 400, says="gzip"),
    "gzip twice": _packed(b"gzip", gzip.compress(gzip.compress(GOOD)), 400),
    "gzip twice, said so": _packed(b"gzip, gzip", gzip.compress(gzip.compress(GOOD)), 415),
    "gzip that is not said": Case(post(gzip.compress(GOOD)), 400),
    "gzip of 100 MiB of zeros": _packed(b"gzip", gzip.compress(bytes(100 * _MIB)), 413, says="after decompression"),
    "gzip of gzip of 100 MiB": _packed(b"gzip", gzip.compress(gzip.compress(bytes(100 * _MIB))), 400),
    "zstd": _packed(b"zstd", _ZSTD.compress(GOOD), kept=(GOOD,)),
    "zstd of two frames": _packed(b"zstd", _ZSTD.compress(GOOD[:9]) + _ZSTD.compress(GOOD[9:]), kept=(GOOD,)),
    "zstd with a frame to be skipped": _packed(
        b"zstd", bytes.fromhex("502a4d18") + (4).to_bytes(4, "little") + b"skip" + _ZSTD.compress(GOOD), kept=(GOOD,)
    ),
    "zstd that is cut short": _packed(b"zstd", _ZSTD.compress(GOOD)[:-1], 400, says="zstd"),
    "zstd with a byte changed": _packed(b"zstd", b"\0" + _ZSTD.compress(GOOD)[1:], 400, says="zstd"),
    "zstd with a window of 128 MiB": _packed(b"zstd", bytes.fromhex("28b52ffd0088010000"), 400, says="zstd"),
    "zstd of 100 MiB of zeros": _packed(b"zstd", _ZSTD.compress(bytes(100 * _MIB)), 413, says="after decompression"),
    "a coding that is not known": _packed(b"br", GOOD, 415, says="br"),
    "no coding, said so": _packed(b"identity", GOOD, kept=(GOOD,)),
}


def _ce(data: bytes = b'"data":' + GOOD, **attributes: object) -> bytes:
    named = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t", **attributes}
    return json.dumps({name: value for name, value in named.items() if value != ""}).encode()[:-1] + b"," + data + b"}"


def _structured(body: bytes, kept: bool = False, says: str = "") -> Case:
    sent = post(body, media=b"application/cloudevents+json; charset=utf-8")
    return Case(sent, 202 if kept else 400, (GOOD,) if kept else (), says=says)


def _binary(*headers: bytes, status: int = 202, says: str = "", stays: bool = True) -> Case:
    return Case(post(GOOD, *headers), status, (GOOD,) if status == 202 else (), stays=stays, says=says)


_CE = (b"ce-specversion: 1.0", b"ce-id: 1", b"ce-source: /s", b"ce-type: t")

MEANING = {
    "no media type": Case(post(GOOD, media=None), 415, stays=False),
    "a media type that is not taken": Case(post(GOOD, media=b"text/plain"), 415, stays=False),
    "a media type of everything": Case(post(GOOD, media=b"*/*"), 415, stays=False),
    "a media type with rubbish": Case(post(GOOD, media=b"application/json/x;;="), 415, stays=False),
    "a media type beyond ASCII": Case(post(GOOD, media=b"application/\xffjson"), 415, stays=False),
    "a media type in capitals": Case(post(GOOD, media=b"Application/JSON; Charset=UTF-8"), 202, (GOOD,)),
    "a charset that is not taken": Case(post(GOOD, media=b"application/json; charset=utf-16"), 400, stays=False),
    "two media types": Case(post(GOOD, b"Content-Type: text/plain"), 400, stays=False, says="twice"),
    "a structured CloudEvent": _structured(_ce(), kept=True),
    "a CloudEvent with data_base64": _structured(
        _ce(b'"data_base64":"eyJpZCI6IngiICwgImF0IjoiMjAyNi0xMS0yMVQwNzowMDowMFoiLCJmIjoxLjEwLCJuIjoxfQ=="'), kept=True
    ),
    "a CloudEvent with data that is not base64": _structured(_ce(b'"data_base64":"%%%"'), says="base64"),
    "a CloudEvent with two data": _structured(_ce(b'"data":1,"data_base64":"MQ=="'), says="both"),
    "a CloudEvent without data": _structured(_ce(b'"extra":1'), says="no data"),
    "a CloudEvent without an id": _structured(_ce(id=""), says="no id"),
    "a CloudEvent of version 0.3": _structured(_ce(specversion="0.3"), says="0.3"),
    "a CloudEvent with an attribute in capitals": _structured(_ce(Extra="1"), says="names"),
    "a CloudEvent with an attribute that is a list": _structured(_ce(extra=[1]), says="extra"),
    "a CloudEvent with an attribute of 10,000 digits": _structured(_ce(b'"data":1,"x":' + b"9" * 10_000), says="x"),
    "a CloudEvent with an attribute of half a pair": _structured(_ce(b'"data":1,"x":"\\ud800"')),
    "a CloudEvent that is an array": _structured(b"[" + _ce() + b"]", says="object"),
    "a CloudEvent whose source has a line end": _structured(_ce(source="a\r\nb"), kept=True),
    "a batch of CloudEvents": Case(
        post(b"[" + _ce() + b"," + _ce(id="2") + b"]", media=b"application/cloudevents-batch+json"), 202, (GOOD, GOOD)
    ),
    "a batch with a broken CloudEvent": Case(
        post(b"[" + _ce() + b",{}]", media=b"application/cloudevents-batch+json"), 207, (GOOD,)
    ),
    "a batch that is no array": Case(post(_ce(), media=b"application/cloudevents-batch+json"), 400, says="array"),
    "a binary CloudEvent": _binary(*_CE, b"ce-note: caf%C3%A9"),
    "a binary CloudEvent without a type": _binary(*_CE[:3], status=400, says="no type"),
    "a binary CloudEvent with an attribute twice": _binary(*_CE, b"ce-id: 2", status=400, says="twice"),
    "a binary CloudEvent with a broken escape": _binary(*_CE, b"ce-note: %ff", status=400, says="UTF-8", stays=False),
    "a binary CloudEvent with a name that is none": _binary(*_CE, b"ce-a_b: 1", status=400, says="names"),
    "a binary CloudEvent around a structured one": Case(
        post(_ce(), *_CE, media=b"application/cloudevents+json"), 400, stays=False, says="mode"
    ),
}
