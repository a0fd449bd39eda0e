"""Writes docs/events.md from the event protos: each message's comment names its subject."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_MESSAGE = re.compile(r"((?://[^\n]*\n)+)message (\w+) \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_SUBJECT = re.compile(r"Subject (evt\.[\w.<>]+)[:.]\s*(.*)", re.DOTALL)
_FIELD = re.compile(r"^\s+(?:optional |repeated )?[\w.]+ (\w+) = \d+;", re.MULTILINE)

_HEAD = """# Events

Generated from the `*events.proto` under `protos/` by `make docs`. Every event travels in a
`voxreel.common.v1.EventEnvelope` on the stream `EVENTS`, at least once and in no promised order.
`<service>` stands for the service that owns the task.

| subject | payload | fields | meaning |
| --- | --- | --- | --- |
"""


def _row(package: str, comment: str, name: str, body: str) -> str:
    text = " ".join(line.removeprefix("//").strip() for line in comment.strip().splitlines())
    match = _SUBJECT.search(text)
    if match is None:
        raise SystemExit(f"{package}.{name}: the comment names no subject")
    fields = ", ".join(f"`{field}`" for field in _FIELD.findall(body))
    return f"| `{match[1]}` | `{package}.{name}` | {fields} | {match[2].rstrip('.')} |\n"


def render() -> str:
    """The whole document."""
    rows: list[str] = []
    for path in sorted((ROOT / "protos").rglob("*events.proto")):
        text = path.read_text()
        package = re.search(r"^package ([\w.]+);", text, re.MULTILINE)
        assert package
        rows.extend(_row(package[1], *groups) for groups in _MESSAGE.findall(text))
    return _HEAD + "".join(rows)
