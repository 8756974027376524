"""Reads the schema of the google provider out of the cdktf package, and writes it as JSON.

Only the types that the Terraform files name are read: a type that the package does not have is left out, and Terraform
then refuses it by name. What cannot be told from the package: which optional arguments the provider also computes
(taken to be so outside of sets), enums, patterns, and which arguments exclude each other.
"""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

_USED: Final = re.compile(r'^\s*(resource|data)\s+"google_(\w+)"', re.MULTILINE)
_ENTRY: Final = re.compile(
    r"^            (?P<name>\w+): \{\n\s+value: (?P<value>.*),\n\s+isBlock: (?P<block>true|false),\n"
    r'\s+type: "(?P<type>\w+)",\n\s+storageClassType: "(?P<storage>\w+)",',
    re.MULTILINE,
)
_STRUCT_ENTRY: Final = re.compile(_ENTRY.pattern.replace("^            ", "^        ", 1), re.MULTILINE)
_MEMBER: Final = re.compile(r"(?:struct\.|this\._)(\w+)")
_NESTED: Final = re.compile(r"(\w+)ToHclTerraform\b")
_OPTIONAL: Final = re.compile(r"^    readonly (\w+)(\??):", re.MULTILINE)
_GETTER: Final = re.compile(r"return this\.get(String|Boolean|Number|List|NumberList|StringMap)Attribute\('(\w+)'\)")
_WRAPPED: Final = re.compile(r"cdktf\.Fn\.tolist\(this\.get(?:Number)?ListAttribute\('(\w+)'\)")
_HELD: Final = re.compile(r'this\._\w+ = new (cdktf\.\w+|\w+)\(this, "(\w+)"')
_WHOLE: Final = re.compile(r"^class (\w+) extends cdktf\.Terraform(?:Resource|DataSource|Provider) \{", re.MULTILINE)
_TYPES: Final = {"string": "string", "number": "number", "boolean": "bool"}
_GETTER_TYPES: Final[Mapping[str, Any]] = {
    "String": "string",
    "Boolean": "bool",
    "Number": "number",
    "List": ["list", "string"],
    "NumberList": ["list", "number"],
    "StringMap": ["map", "string"],
}


def used_types(texts: Iterable[str]) -> list[tuple[str, str]]:
    """The (kind, name without `google_`) of every resource and data source in Terraform's text, sorted."""
    return sorted({match.groups() for text in texts for match in _USED.finditer(text)})  # type: ignore[misc]  # two groups


class Module:
    """One resource's, data source's or the provider's module of the package."""

    def __init__(self, folder: Path) -> None:
        self._js = "".join(path.read_text() for path in sorted(folder.glob("*.js")))
        self._types = "".join(path.read_text() for path in sorted(folder.glob("*.d.ts")))

    def block(self) -> dict[str, Any]:
        """The schema of the whole, from the one class that extends cdktf's."""
        found = re.search(
            r"^class (\w+) extends cdktf\.Terraform(?:Resource|DataSource|Provider) \{", self._js, re.MULTILINE
        )
        if found is None:
            raise ValueError("the package has another form than expected")
        body = self._class(found[1])
        _, _, hcl = body.partition("synthesizeHclAttributes()")
        block: dict[str, Any] = self._inputs(
            _ENTRY.finditer(hcl), self._interface(f"{found[1]}Config"), optional_is_computed=True
        )
        self._add_computed(block, body)
        return block

    def _inputs(self, entries: Iterable[re.Match[str]], required: set[str], *, optional_is_computed: bool) -> Any:
        block: dict[str, Any] = {"attributes": {}, "blocks": {}}
        for entry in entries:
            member = _MEMBER.search(entry["value"])
            needed = member is not None and member[1] in required
            if entry["block"] == "true":
                block["blocks"][entry["name"]] = self._nested(entry, needed, optional_is_computed)
                continue
            mode = "required" if needed else ("optional_computed" if optional_is_computed else "optional")
            block["attributes"][entry["name"]] = {"type": _type(entry["type"], entry["storage"]), "mode": mode}
        return block

    def _nested(self, entry: re.Match[str], needed: bool, optional_is_computed: bool) -> dict[str, Any]:
        function = _NESTED.search(entry["value"])
        if function is None:
            raise ValueError(f"{entry['name']}: a block without a function")
        name = function[1][0].upper() + function[1][1:]
        nesting = "single" if entry["type"] == "struct" else entry["type"]
        _, _, body = self._js.partition(f"\nfunction {function[1]}ToHclTerraform(struct) {{")
        body = body.partition("\n}\n")[0]
        inner = self._inputs(
            _STRUCT_ENTRY.finditer(body),
            self._interface(name),
            optional_is_computed=optional_is_computed and nesting == "list",
        )
        if nesting == "list":
            self._add_computed(inner, self._class(f"{name}OutputReference"))
        many = "listMapperHcl" in entry["value"] or nesting == "single"
        return {"nesting": nesting, "min": int(needed), "max": 0 if many else 1, "block": inner}

    def _add_computed(self, block: dict[str, Any], body: str) -> None:
        known = {*block["attributes"], *block["blocks"]}
        for name, kind in self._outputs(body).items():
            if name not in known:
                block["attributes"][name] = {"type": kind, "mode": "computed"}

    def _outputs(self, body: str) -> dict[str, Any]:
        found: dict[str, Any] = {match[2]: _GETTER_TYPES[match[1]] for match in _GETTER.finditer(body)}
        found.update({match[1]: ["set", "string"] for match in _WRAPPED.finditer(body)})
        for match in _HELD.finditer(body):
            if match[1].startswith("cdktf."):
                found[match[2]] = ["map", {"StringMap": "string", "NumberMap": "number"}.get(match[1][6:], "bool")]
            elif match[1].endswith("List"):
                element = self._outputs(self._class(f"{match[1].removesuffix('List')}OutputReference"))
                found[match[2]] = ["list", ["object", element]]
        return found

    def _class(self, name: str) -> str:
        _, _, body = self._js.partition(f"\nclass {name} extends ")
        return body.partition("\n}\n")[0]

    def _interface(self, name: str) -> set[str]:
        """The members that an interface requires."""
        found = re.search(
            rf"^export interface {name} (?:extends \S+ )?\{{\n(.*?)^\}}", self._types, re.MULTILINE | re.DOTALL
        )
        return {match[1] for match in _OPTIONAL.finditer(found[1]) if not match[2]} if found else set()


def _type(kind: str, storage: str) -> Any:
    if kind == "simple":
        return _TYPES[storage]
    return [kind, _TYPES[storage.removesuffix("List").removesuffix("Map")]]


def read(package: Path, used: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The schema of the provider and of the used types that the package has."""
    schema: dict[str, Any] = {"provider": Module(package / "lib" / "provider").block(), "resource": {}, "data": {}}
    for kind, name in used:
        folder = package / "lib" / f"{'data-google-' if kind == 'data' else ''}{name.replace('_', '-')}"
        for found in (folder, folder.with_name(f"google-{folder.name}")):  # a few names are reserved words in jsii
            if found.is_dir():
                schema[kind][f"google_{name}"] = Module(found).block()
                break
    return schema


def write(package: Path, used: Iterable[tuple[str, str]], target: Path) -> None:
    """The same, into a file."""
    target.write_text(json.dumps(read(package, used), indent=1))
