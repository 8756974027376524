"""A contract file is taken whole or refused with all its mistakes; nothing in it is ignored in silence."""

import re
from typing import Any

import pytest

from streamlake.contract import odcs
from streamlake.contract.gate import compile_gate
from streamlake.contract.model import ConsumerSettings, Field, Rotation, TopicSettings
from streamlake.contract.problems import WrongContract
from tests.support.contract_files import document, text, with_field, with_settings


def mistakes(changed: dict[str, Any] | bytes) -> dict[str, str]:
    with pytest.raises(WrongContract) as caught:
        odcs.parse(changed if isinstance(changed, bytes) else text(changed))
    return {problem.path: problem.text for problem in caught.value.problems}


def test_every_setting_arrives() -> None:
    settings = {
        "keyFields": ["id", "n"],
        "eventTimeField": "at",
        "onInvalid": "dead_letter",
        "extraFields": "refuse",
        "compression": "none",
        "topicPartitions": 6,
        "topicRetentionHours": 24,
        "deadLetterRetentionHours": 48,
        "maxEventBytes": 1000,
        "rotationMaxRecords": 5,
        "rotationMaxBytes": 6,
        "rotationMaxAgeSeconds": 1.5,
        "consumerProcesses": 4,
        "consumerMemoryMib": 1024,
    }
    changed = with_settings(**settings)
    changed["schema"][0]["properties"][2]["required"] = True
    contract = odcs.parse(text(changed))
    assert (contract.dataset, contract.version, contract.key) == ("things", 1, ("id", "n"))
    assert (contract.event_time, contract.on_invalid, contract.extra_fields) == ("at", "dead_letter", "refuse")
    assert contract.topic == TopicSettings(6, 24, 48, 1000)
    assert contract.rotation == Rotation(5, 6, 1.5)
    assert contract.compression == "none"
    assert contract.consumer == ConsumerSettings(4, 1024)
    assert re.fullmatch("[0-9a-f]{64}", contract.sha256)
    assert contract.fields[0] == Field("id", "string", required=True, nullable=False)


def test_a_version_may_be_written_as_a_number() -> None:
    assert odcs.parse(text(document(version=7))).version == 7


def test_the_key_may_be_marked_as_the_standard_does_it() -> None:
    changed = document(customProperties=[])
    for position, index in ((2, 0), (1, 1)):
        changed["schema"][0]["properties"][index] |= {"primaryKey": True, "primaryKeyPosition": position}
    assert odcs.parse(text(changed)).key == ("at", "id")
    assert odcs.parse(text(document(customProperties=[]))).key == ()


@pytest.mark.parametrize("version", ["0", "01", "1.0.0", "-1", 0, True, 1.0, "v1", "", None, "9999999999"])
def test_a_version_is_a_whole_number_from_one(version: object) -> None:
    assert "version" in mistakes(document(version=version))


@pytest.mark.parametrize("name", ["", "All", "all", "1a", "a-b", "../x", "a\n", "a" * 49, "é", 7, None])
def test_names_that_no_dataset_may_have(name: Any) -> None:
    assert "name" in mistakes(document(name))


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("keyfields", ["id"], "did you mean keyFields?"),
        ("onInvalid", "drop", "refuse or dead_letter"),
        ("onInvalid", ["refuse"], "refuse or dead_letter"),
        ("keyFields", ["f"], "a number has no exact text"),
        ("keyFields", ["idd"], "did you mean id?"),
        ("keyFields", [], "list of field names"),
        ("keyFields", ["id", "id"], "twice"),
        ("eventTimeField", "id", "must be timestamp or date"),
        ("topicPartitions", 0, "whole number from 1"),
        ("consumerProcesses", 4, "some would have none"),
        ("consumerMemoryMib", 64, "whole number from 256"),
        ("topicPartitions", True, "whole number from 1"),
        ("maxEventBytes", 1_048_577, "to 1048576"),
        ("rotationMaxAgeSeconds", 0, "above 0"),
        ("compression", "lz4", "gzip or zstd or none"),
        ("format", "avro", "json or parquet"),
    ],
)
def test_wrong_settings_are_named(setting: str, value: object, words: str) -> None:
    assert any(words in said for said in mistakes(with_settings(**{setting: value})).values())


def test_a_key_field_must_be_required_and_never_null() -> None:
    assert mistakes(with_settings(keyFields=["n"])) == {
        "schema[0].properties[2].required": "n is a key field, so it must be required"
    }
    changed = document()
    changed["schema"][0]["properties"][0]["customProperties"] = [{"property": "nullable", "value": True}]
    assert "schema[0].properties[0].required" in mistakes(changed)


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ({}, "is required: one of"),
        ({"logicalType": "integr"}, "did you mean integer?"),
        ({"logicalType": "decimal"}, "format: decimal"),
        ({"logicalType": "map"}, "not supported"),
        ({"logicalType": "string", "requierd": True}, "did you mean required?"),
        ({"logicalType": "string", "logicalTypeOptions": {"minimum": 1}}, "not checked for the type string"),
        ({"logicalType": "string", "logicalTypeOptions": {"pattern": "("}}, "unclosed group"),
        ({"logicalType": "string", "logicalTypeOptions": {"pattern": "^(?=a)b"}}, "look-around"),
        ({"logicalType": "string", "logicalTypeOptions": {"pattern": "(a)\\1"}}, "backreferences"),
        ({"logicalType": "string", "logicalTypeOptions": {"pattern": "a{999}{999}{999}"}}, "exceeds size limit"),
        ({"logicalType": "string", "logicalTypeOptions": {"pattern": "a" * 1001}}, "asks for 1001 characters"),
        ({"logicalType": "string", "logicalTypeOptions": {"pattern": 5}}, "text"),
        ({"logicalType": "string", "logicalTypeOptions": {"format": "email"}}, "write a pattern"),
        ({"logicalType": "string", "logicalTypeOptions": {"minLength": 3, "maxLength": 2}}, "above maxLength"),
        ({"logicalType": "string", "logicalTypeOptions": {"minLength": -1}}, "0 or more"),
        ({"logicalType": "integer", "logicalTypeOptions": {"minimum": 0.5}}, "64 bits"),
        ({"logicalType": "integer", "logicalTypeOptions": {"minimum": 2, "exclusiveMaximum": 2}}, "no number"),
        ({"logicalType": "integer", "logicalTypeOptions": {"format": "i128"}}, "i8 to i64"),
        ({"logicalType": "integer", "logicalTypeOptions": {"maximum": 10**400}}, "must be a number"),
        ({"logicalType": "number", "logicalTypeOptions": {"multipleOf": 5}}, "not checked"),
        ({"logicalType": "number", "logicalTypeOptions": {"minimum": 1, "exclusiveMinimum": 1}}, "not both"),
        ({"logicalType": "timestamp", "logicalTypeOptions": {"timezone": False}}, "RFC 3339"),
        ({"logicalType": "string", "properties": []}, "only an object"),
        ({"logicalType": "object", "items": {"logicalType": "string"}}, "only an array"),
        ({"logicalType": "string", "enum": [{"value": 1}]}, "of type string"),
        ({"logicalType": "boolean", "enum": [{"value": True}]}, "string or an integer"),
        ({"logicalType": "string", "customProperties": [{"property": "nulable", "value": True}]}, "mean nullable?"),
        ({"logicalType": "string", "name": "ID"}, "in case alone"),
        ({"logicalType": "string", "name": "id"}, "stands twice"),
        ({"logicalType": "string", "name": "a.b"}, "128 printable characters"),
        ({"logicalType": "string", "name": "a\x85"}, "128 printable characters"),
        ({"logicalType": "object", "properties": [{"name": "in", "logicalType": "x"}]}, "x is not supported"),
    ],
)
def test_wrong_fields_are_named(field: dict[str, Any], words: str) -> None:
    said = mistakes(with_field(**field))
    assert any(words in told for told in said.values()), said
    assert all(path.startswith("schema[0].properties[4]") for path in said)


def test_all_mistakes_come_at_once_each_with_its_line() -> None:
    data = b"""\
apiVersion: v2.0.0
kind: DataContract
id: urn:x
name: Things
version: "0"
status: active
surprise: 1
schema:
  - properties:
      - name: a
        logicalType: [string]
      - name: b
        logicalType: int
customProperties:
  - property: keyField
    value: [a]
"""
    with pytest.raises(WrongContract) as caught:
        odcs.parse(data, "x.yaml")
    found = {(problem.line, problem.path) for problem in caught.value.problems}
    assert found == {
        (1, "apiVersion"),
        (4, "name"),
        (5, "version"),
        (7, "surprise"),
        (11, "schema[0].properties[0].logicalType"),
        (13, "schema[0].properties[1].logicalType"),
        (15, "customProperties[0].property"),
    }
    assert "x.yaml:7: surprise: is not in the standard" in str(caught.value)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"- a", "must be a mapping"),
        (b"a: [", "not YAML"),
        (b"a: \xff", "not UTF-8"),
        (b"a: &x {b: 1}\nc: *x", "anchors are not used"),
        (b"a: &x [*x]", "anchors are not used"),
        (b"name: a\nname: b", "stands twice"),
        (b"a: 1\n---\nb: 2", "not YAML"),
        (b"a: !!python/object/apply:os.system [ls]", "not YAML"),
        (b"[" * 5000, "nested too deeply"),
        (b"1: 2", "keys should be strings"),
        (b"version: " + b"9" * 5000, "cannot be read"),
        (b"schema: 5", "list"),
        (b"? [a, b]\n: c", ""),
    ],
)
def test_what_is_no_contract_at_all(data: bytes, words: str) -> None:
    assert any(words in said for said in mistakes(data).values())


def test_allowed_values_in_the_words_of_either_version_of_the_standard() -> None:
    rule = {"type": "library", "metric": "invalidValues", "mustBe": 0, "arguments": {"validValues": ["a", "b"]}}
    for field in ({"enum": [{"value": "a"}, {"value": "b"}]}, {"quality": [rule]}):
        contract = odcs.parse(text(with_field(logicalType="string", **field)))
        assert contract.fields[-1].enum == ("a", "b")


def test_what_is_parsed_compiles() -> None:
    """Names that are words of Python or of the libraries are only names."""
    names = [
        "class",
        "f0",
        "model_config",
        "__init__",
        "self",
        "a b",
        "Größe",
        "@type",
        "$ref",
        "x-y",
        "0",
        "'",
        "{",
        "%s",
    ]
    changed = document()
    for name in names:
        changed["schema"][0]["properties"].append({"name": name, "logicalType": "integer"})
    gate = compile_gate(odcs.parse(text(changed)))
    for name in names:
        event = b'{"id":"1","at":"2026-11-21T09:30:00Z","f":1,"%b":"x"}' % name.encode()
        rejection = gate.judge(event)
        assert rejection is not None
        assert (rejection.reason, rejection.field) == ("contract.type", name)


@pytest.mark.parametrize(
    ("given", "format_", "compression"),
    [
        ({}, "json", "gzip"),
        ({"format": "json"}, "json", "gzip"),
        ({"compression": "zstd"}, "json", "zstd"),
        ({"format": "json", "compression": "none"}, "json", "none"),
        ({"format": "parquet"}, "parquet", "zstd"),
        ({"format": "parquet", "compression": "zstd"}, "parquet", "zstd"),
    ],
)
def test_a_format_has_a_compression_that_fits(given: dict[str, object], format_: str, compression: str) -> None:
    contract = odcs.parse(text(with_settings(**given)))
    assert (contract.format, contract.compression) == (format_, compression)


@pytest.mark.parametrize("compression", ["gzip", "none"])
def test_a_parquet_part_takes_no_compression_of_lines(compression: str) -> None:
    said = mistakes(with_settings(format="parquet", compression=compression))
    (words,) = said.values()
    assert f"compression {compression} is for parts of format json" in words
    assert "Leave compression out, or set it to zstd" in words
