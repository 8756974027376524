"""A stand-in for the google provider: it serves the schema in a JSON file, and can do nothing else.

    python tests/terraform/provider.py schema.json

It prints what TF_REATTACH_PROVIDERS is to be set to, and serves until it is stopped: one process for all of a check,
where Terraform would start one for each run of a test. `validate` and `test` with `mock_provider` ask for schemas only.
"""

import json
import sys
from pathlib import Path
from typing import Any

from tf.gen import tfplugin_pb2 as pb
from tf.runner import run_provider

_NESTING = {
    "list": pb.Schema.NestedBlock.LIST,
    "set": pb.Schema.NestedBlock.SET,
    "single": pb.Schema.NestedBlock.SINGLE,
}


class _Type:
    """One type and its schema, as a message made from JSON: the package's own schemas know no lists of blocks."""

    def __init__(self, name: str, block: dict[str, Any]) -> None:
        self._name = name
        self._message = pb.Schema(block=_block(block))

    def get_name(self) -> str:
        return self._name

    def get_schema(self) -> Any:
        return self

    def to_pb(self) -> pb.Schema:
        return self._message

    def validate(self, diags: Any, type_name: str, config: Any) -> None: ...


def _block(block: dict[str, Any]) -> pb.Schema.Block:
    return pb.Schema.Block(
        attributes=[
            pb.Schema.Attribute(
                name=name,
                type=json.dumps(attribute["type"]).encode(),
                required=attribute["mode"] == "required",
                optional=attribute["mode"].startswith("optional"),
                computed=attribute["mode"].endswith("computed"),
            )
            for name, attribute in block["attributes"].items()
        ],
        block_types=[
            pb.Schema.NestedBlock(
                type_name=name,
                nesting=_NESTING[nested["nesting"]],
                min_items=nested["min"],
                max_items=nested["max"],
                block=_block(nested["block"]),
            )
            for name, nested in block["blocks"].items()
        ],
    )


class _StandIn:
    def __init__(self, schema: dict[str, Any]) -> None:
        self._schema = schema

    def get_model_prefix(self) -> str:
        return ""

    def full_name(self) -> str:
        return "hashicorp/google"

    def get_provider_schema(self, diags: Any) -> Any:
        return _Type("google", self._schema["provider"])

    def validate_config(self, diags: Any, config: dict[str, Any]) -> None: ...

    def configure_provider(self, diags: Any, config: dict[str, Any]) -> None: ...

    def get_resources(self) -> Any:
        return [_Type(name, block) for name, block in self._schema["resource"].items()]

    def get_data_sources(self) -> Any:
        return [_Type(name, block) for name, block in self._schema["data"].items()]

    def get_functions(self) -> Any:
        return []

    def new_resource(self, klass: Any) -> Any:
        return klass

    def new_data_source(self, klass: Any) -> Any:
        return klass


if __name__ == "__main__":
    run_provider(_StandIn(json.loads(Path(sys.argv[1]).read_text())), [sys.argv[0], "--dev"])
