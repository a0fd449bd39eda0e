"""Times as messages carry them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from kit.rpc.times import duration_of, timestamp_of

_SHANGHAI = timezone(timedelta(hours=8))


@pytest.mark.parametrize(
    "time",
    [
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2026, 2, 28, 23, 59, 59, 123_456, tzinfo=UTC),
        datetime(2026, 3, 1, 7, 59, 59, 1, tzinfo=_SHANGHAI),
        datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    ],
)
def test_a_time_comes_back_as_it_was(time: datetime) -> None:
    stamp = timestamp_of(time)
    assert stamp.ToDatetime(UTC) == time
    assert 0 <= stamp.nanos < 10**9


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(TypeError):
        timestamp_of(datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None))


def test_a_length_comes_back_as_it_was() -> None:
    for length in (timedelta(0), timedelta(days=400, microseconds=1), timedelta(seconds=-1.5)):
        assert duration_of(length).ToTimedelta() == length
