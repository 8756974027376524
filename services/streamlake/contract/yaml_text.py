"""YAML to plain data, with the line of every place, and without YAML's surprises.

Dates stay text, a key that stands twice is a mistake, and anchors are refused: a contract is read by people.
"""

from typing import Any, Final

import yaml

from streamlake.contract.problems import Path, Problems

MOST_BYTES: Final = 1 << 18
"""YAML is slow to read, some seconds for so much, and a running service reads contracts anew."""


class _Loader(yaml.SafeLoader):
    """SafeLoader that leaves dates alone."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(data: bytes, problems: Problems) -> dict[str, Any] | None:
    """The document as a mapping, its lines noted in `problems`; None if it is none, which is noted too."""
    if len(data) > MOST_BYTES:
        problems.add((), f"has {len(data)} bytes; a contract has at most {MOST_BYTES}")
        return None
    try:
        text = data.decode("utf-8")
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            lines: dict[Path, int] = {}
            problems.lines = lines
            repeated: list[tuple[Path, str]] = []
            if node is not None:
                _walk(node, (), lines, repeated, set())
            for path, key in repeated:
                problems.add(path, f"the key {key} stands twice")
            document = None if node is None else loader.construct_document(node)
        finally:
            loader.dispose()
    except UnicodeDecodeError as error:
        problems.add((), f"not UTF-8 at byte {error.start}")
        return None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problems.lines = {(): mark.line + 1} if mark else {}
        problems.add((), f"not YAML: {getattr(error, 'problem', None) or str(error).splitlines()[0]}")
        return None
    except RecursionError:
        problems.add((), "nested too deeply")
        return None
    except ValueError as error:  # a number of thousands of digits, a date of month 13
        problems.add((), f"holds what cannot be read: {error}")
        return None
    if not isinstance(document, dict):
        problems.add(
            (), "is empty" if document is None else "must be a mapping, as the Open Data Contract Standard has it"
        )
        return None
    return document


def _walk(
    node: yaml.Node, path: Path, lines: dict[Path, int], repeated: list[tuple[Path, str]], seen: set[int]
) -> None:
    if id(node) in seen:
        raise yaml.MarkedYAMLError(problem="anchors are not used here", problem_mark=node.start_mark)
    seen.add(id(node))
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        names = set()
        for key, value in node.value:
            name = str(key.value)
            if name in names:
                repeated.append(((*path, name), name))
                continue
            names.add(name)
            _walk(value, (*path, name), lines, repeated, seen)
            lines[(*path, name)] = key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _walk(item, (*path, index), lines, repeated, seen)
