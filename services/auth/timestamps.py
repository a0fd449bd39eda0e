"""Times and durations as messages carry them."""

from __future__ import annotations

from datetime import datetime, timedelta

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp


def timestamp_of(time: datetime) -> Timestamp:
    """The time to the microsecond."""
    stamp = Timestamp()
    stamp.FromDatetime(time)
    return stamp


def duration_of(length: timedelta) -> Duration:
    """The length to the microsecond."""
    duration = Duration()
    duration.FromTimedelta(length)
    return duration
