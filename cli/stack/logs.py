"""Log files of the processes: bounded at start, and watched for what the operator must see."""

from __future__ import annotations

import json
from pathlib import Path

_MAX_BYTES = 10 * 1024 * 1024
_READ_BYTES = 1024 * 1024
_SHOWN_LINES = 5
_SHOWN_CHARS = 300
_HIDDEN_FIELDS = frozenset({"event", "level", "timestamp", "service", "settings", "error_at"})


def bounded(path: Path) -> Path:
    """The log file, moved aside to `….1` when it has grown too large."""
    if path.exists() and path.stat().st_size > _MAX_BYTES:
        path.replace(path.with_name(path.name + ".1"))
    return path


class ErrorTail:
    """Reads what was added to a log file and picks the errors."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._position = path.stat().st_size if path.exists() else 0
        self._rest = b""

    def new_errors(self) -> list[str]:
        """Errors since the last call, a few at most, each as one short line."""
        errors = [text for line in self._new_lines() if (text := error_text(line)) is not None]
        shown = errors[:_SHOWN_LINES]
        if len(errors) > len(shown):
            shown.append(f"… and {len(errors) - len(shown)} more errors in {self._path}")
        return shown

    def _new_lines(self) -> list[bytes]:
        try:
            with self._path.open("rb") as file:
                size = file.seek(0, 2)
                # After a burst only the newest part is looked at; the file has all of it.
                file.seek(max(self._position, size - _READ_BYTES))
                data = file.read(_READ_BYTES)
                self._position = file.tell()
        except FileNotFoundError:
            return []
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()[-_READ_BYTES:]
        return lines


def error_text(line: bytes) -> str | None:
    """A log line as the operator reads it; None when it is no error."""
    text = line.decode("utf-8", "replace").strip()
    if not text:
        return None
    if not text.startswith("{"):
        return _plain_error(text)
    if '"level":"error"' not in text and '"level":"critical"' not in text:
        return None
    try:
        entry = json.loads(text)
    except ValueError:
        return text[:_SHOWN_CHARS]
    details = " ".join(f"{name}={value}" for name, value in entry.items() if name not in _HIDDEN_FIELDS)
    return f"{entry.get('event', '')} {details}".strip()[:_SHOWN_CHARS]


def _plain_error(text: str) -> str | None:
    # The broker writes "[pid] time [LEVEL] text"; anything else unstructured comes from an interpreter that failed.
    is_broker_line = text.startswith("[") and "] " in text
    if is_broker_line and "[ERR]" not in text and "[FTL]" not in text:
        return None
    return text[:_SHOWN_CHARS]
