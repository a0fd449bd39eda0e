"""Byte ranges and validators of a download (RFC 9110, sections 13 and 14)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

# A number longer than this exceeds any file and only costs time to convert.
_SPAN = re.compile(r"bytes=[ \t]*(\d{0,18})-(\d{0,18})[ \t]*\Z", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes from `start` up to, not including, `end`."""

    start: int
    end: int


class RangeNotSatisfiable(Exception):
    """The range lies outside of the file."""


def requested_span(header: str | None, size: int) -> Span | None:
    """The one range asked for; None when the whole file is to be sent.

    Several ranges, and what is no range of bytes at all, are answered by the whole file, as the RFC allows.
    Raises RangeNotSatisfiable.
    """
    if header is None:
        return None
    match = _SPAN.match(header)
    if match is None:
        return None
    first, last = match.groups()
    if first:
        start = int(first)
        if last and int(last) < start:
            return None
        if start >= size:
            raise RangeNotSatisfiable
        return Span(start, min(int(last) + 1, size) if last else size)
    if not last:
        return None
    if int(last) == 0 or size == 0:
        raise RangeNotSatisfiable
    return Span(max(0, size - int(last)), size)


def is_known(etag: str, headers: Mapping[str, str]) -> bool:
    """Whether the client says that it has this version (If-None-Match, weak comparison)."""
    known = headers.get("If-None-Match")
    if known is None:
        return False
    return any(each.strip().removeprefix("W/") in (etag, "*") for each in known.split(","))


def range_applies(etag: str, headers: Mapping[str, str]) -> bool:
    """Whether the range is of this version (If-Range, strong comparison; a date never matches)."""
    condition = headers.get("If-Range")
    return condition is None or condition.strip() == etag
