"""Wrong codes: how many of them a user may try before having to wait."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from kit.errors import RateLimited
from voxreel.common.v1 import error_reason_pb2 as reasons

WRONG_LIMIT = 10
WINDOW = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Guesses:
    """Codes nobody has, tried by one user since the first of them."""

    user_id: int
    since: datetime
    wrong: int

    def check(self, now: datetime) -> None:
        """Raises RateLimited after too many, whatever the next code is, until the window is over."""
        left = self.since + WINDOW - now
        if self.wrong >= WRONG_LIMIT and left > timedelta():
            raise RateLimited(
                reasons.ERROR_REASON_TOO_MANY_REQUESTS,
                "错误次数过多，请稍后再试",
                retry_after_s=math.ceil(left.total_seconds()),
            )

    def one_more(self, now: datetime) -> Guesses:
        """With another one; what is older than the window is forgotten."""
        if now >= self.since + WINDOW:
            return Guesses(self.user_id, now, 1)
        return replace(self, wrong=self.wrong + 1)
