"""The torture's contract, and the next version of it: another form of parts, another way with invalid events."""

from pathlib import Path

DATASET = "tortured"
PARTITIONS = 6
TEMPLATE = """\
apiVersion: v3.1.0
kind: DataContract
id: urn:streamlake:tortured
name: tortured
version: "{version}"
status: active
schema:
  - name: tortured
    logicalType: object
    properties:
      - name: id
        logicalType: string
        required: true
      - name: n
        logicalType: integer
customProperties:
  - property: keyFields
    value: [id]
  - property: topicPartitions
    value: {partitions}
  - property: onInvalid
    value: {on_invalid}
{form}"""
FORMS = (("json", "gzip"), ("json", "none"), ("parquet", ""), ("json", "zstd"))


def write(folder: Path, version: int, partitions: int = PARTITIONS) -> None:
    """Make this version today's, and the one before history, each file as a whole."""
    home = folder / DATASET
    (home / "history").mkdir(parents=True, exist_ok=True)
    today = home / "contract.yaml"
    if today.exists():
        _replace(home / "history" / f"{version - 1}.yaml", today.read_text())
    text = TEMPLATE.format(
        version=version,
        partitions=partitions,
        on_invalid=("refuse", "dead_letter")[version % 2],
        form="".join(f"  - property: {name}\n    value: {value}\n" for name, value in _form(version) if value),
    )
    _replace(today, text)


def _form(version: int) -> tuple[tuple[str, str], tuple[str, str]]:
    kind, compression = FORMS[(version - 1) % len(FORMS)]
    return ("format", kind), ("compression", compression)


def _replace(path: Path, text: str) -> None:
    partial = path.with_name(f".{path.name}")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
