"""Times as clients see them: without zone, to the second, in the display zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from google.protobuf.timestamp_pb2 import Timestamp

from kit.rpc.times import timestamp_of

_LENGTH = len("YYYY-MM-DDTHH:MM:SS")
_DAY_LENGTH = len("YYYY-MM-DD")
_REMEMBERED = 4096
_DAY = timedelta(days=1)
# Nothing here is older or younger, and every zone can tell these.
_FIRST_DAY, _LAST_DAY = date(1970, 1, 2), date(9999, 12, 30)


class DisplayTimes:
    """Renders moments in one zone."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        # The same users, files and tasks are shown again and again.
        self._stamp_of = lru_cache(maxsize=_REMEMBERED)(self._render)

    def stamp(self, moment: Timestamp) -> str:
        """`YYYY-MM-DDTHH:MM:SS` of a timestamp that is set."""
        return self._stamp_of(moment.seconds)

    def spaced(self, moment: Timestamp) -> str:
        """`YYYY-MM-DD HH:MM:SS` of a timestamp that is set, as the dubbing document shows times to administrators."""
        return self._stamp_of(moment.seconds).replace("T", " ")

    def day(self, moment: Timestamp) -> str:
        """`YYYY-MM-DD` of a timestamp that is set."""
        return self._stamp_of(moment.seconds)[:_DAY_LENGTH]

    def aware(self, moment: datetime) -> str:
        """`YYYY-MM-DDTHH:MM:SS` of an aware time."""
        return moment.astimezone(self._zone).isoformat()[:_LENGTH]

    def day_of(self, moment: datetime) -> date:
        """Which day an aware time is on."""
        return moment.astimezone(self._zone).date()

    def start_of(self, day: date) -> Timestamp:
        """When a day begins."""
        return timestamp_of(datetime.combine(min(max(day, _FIRST_DAY), _LAST_DAY), time(), self._zone))

    def end_of(self, day: date) -> Timestamp:
        """When the next day begins."""
        return self.start_of(min(day, _LAST_DAY) + _DAY)

    def hour_start(self, moment: datetime) -> datetime:
        """When the hour of an aware time began in the zone, in UTC."""
        return moment.astimezone(self._zone).replace(minute=0, second=0, microsecond=0).astimezone(UTC)

    def _render(self, seconds: int) -> str:
        return datetime.fromtimestamp(seconds, self._zone).isoformat()[:_LENGTH]
