"""Who manages what administrators configure, and when it changed last."""

from __future__ import annotations

from collections.abc import Iterable

from google.protobuf.timestamp_pb2 import Timestamp

from edge.display import DisplayTimes

MANAGED_BY = "系统管理员"


def last_updated(updates: Iterable[Timestamp], times: DisplayTimes) -> str | None:
    """The newest of the times; None when there is none."""
    newest = max(updates, key=Timestamp.ToNanoseconds, default=None)
    return None if newest is None else times.stamp(newest)
