"""Phone numbers of mainland China, and the codes that are sent to them.

A code is tried wrongly at most five times. Of these, callers from elsewhere than where it was asked for have three, so
that no stranger can burn the code of somebody who has just asked for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NewType

from services.auth.domain.errors import field_invalid

Phone = NewType("Phone", str)

CODE_DIGITS = 6
CODE_LIFETIME = timedelta(seconds=300)
MOST_WRONG = 5
MOST_WRONG_ELSEWHERE = 3

_PHONE = re.compile(r"1[0-9]{10}")


def parse_phone(text: str) -> Phone:
    """The number. Raises Invalid."""
    if _PHONE.fullmatch(text) is None:
        raise field_invalid("phone", "手机号格式不正确")
    return Phone(text)


@dataclass(frozen=True, slots=True)
class PhoneCode:
    """A code that was sent. `network` is a digest of where it was asked for."""

    code_hash: str
    network: str
    wrong: int
    wrong_elsewhere: int
    expire_time: datetime

    def is_open_to(self, network: str, now: datetime) -> bool:
        """Whether somebody there may still try it."""
        if now >= self.expire_time or self.wrong >= MOST_WRONG:
            return False
        return network == self.network or self.wrong_elsewhere < MOST_WRONG_ELSEWHERE


def new_phone_code(code_hash: str, network: str, now: datetime) -> PhoneCode:
    """A code that is sent now."""
    return PhoneCode(code_hash, network, wrong=0, wrong_elsewhere=0, expire_time=now + CODE_LIFETIME)
