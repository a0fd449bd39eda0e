"""Invite codes: worth a fixed number of credits, to one user, once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from services.billing.domain.codes import CODE_ALPHABET, code_as_written, code_of
from services.billing.domain.errors import (
    field_invalid,
    invite_code_expired,
    invite_code_not_found,
    invite_code_used,
)
from services.billing.domain.fingerprint import fingerprint
from services.billing.domain.ledger import Entry
from services.billing.domain.limits import VALIDITY_DAYS_LIMIT, check_request_id

# 8 characters of 32 carry 40 bits: few enough to be told on the telephone. Guessing is limited per user.
INVITE_BYTES = 5
INVITES_LIMIT = 100
# What using one does to the time of all credits of its user.
INVITE_VALIDITY_DAYS = 365

_HALF = f"[{CODE_ALPHABET}]{{4}}"
_CODE = re.compile(f"{_HALF}-{_HALF}")


class InviteStatus(StrEnum):
    """What an invite code is now."""

    UNUSED = "unused"
    USED = "used"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class InviteCode:
    """One invite code. The last four fields are None unless it was used; `use_key` is that of the request that did,
    `credits_expire_time` when all credits of its user expired from then on. No `expire_time` means never."""

    id: int
    code: str
    credits: int
    operator_user_id: int
    create_time: datetime
    expire_time: datetime | None
    used_by_user_id: int | None = None
    use_time: datetime | None = None
    use_key: str | None = None
    credits_expire_time: datetime | None = None

    def status(self, now: datetime) -> InviteStatus:
        """What it is now."""
        if self.used_by_user_id is not None:
            return InviteStatus.USED
        return InviteStatus.EXPIRED if self._is_expired(now) else InviteStatus.UNUSED

    def used(self, use: UseInvite, *, now: datetime, credits_expire_time: datetime | None) -> InviteCode:
        """This code as used by the user. Raises Precondition (INVITE_CODE_USED, INVITE_CODE_EXPIRED)."""
        if self.used_by_user_id is not None:
            raise invite_code_used()
        if self._is_expired(now):
            raise invite_code_expired()
        return replace(
            self,
            used_by_user_id=use.user_id,
            use_time=now,
            use_key=use.use_key,
            credits_expire_time=credits_expire_time,
        )

    def _is_expired(self, now: datetime) -> bool:
        return self.expire_time is not None and self.expire_time <= now


@dataclass(frozen=True, slots=True)
class UseInvite:
    """A user wants the credits of an invite code."""

    request_id: str
    user_id: int
    code: str

    @property
    def use_key(self) -> str:
        """Names the request: each user's request ids are their own."""
        return f"{self.user_id}:{self.request_id}"

    def check(self) -> None:
        """Raises Invalid, naming the field, and NotFound for what is no code at all."""
        check_request_id(self.request_id)
        if not _CODE.fullmatch(self.code):
            raise invite_code_not_found()

    def input_hash(self) -> str:
        """Tells it from another use, also of the same code."""
        return use_hash(self.code, self.use_key)


@dataclass(frozen=True, slots=True)
class InviteUse:
    """An invite code that was used, and what its user sees of it."""

    entry: Entry
    invite: InviteCode


@dataclass(frozen=True, slots=True)
class GenerateInvites:
    """An administrator wants invite codes. Without days they do not expire."""

    request_id: str
    operator_user_id: int
    quantity: int
    expires_days: int | None

    def check(self) -> None:
        """Raises Invalid, naming the field."""
        check_request_id(self.request_id)
        if not 1 <= self.quantity <= INVITES_LIMIT:
            raise field_invalid("quantity", f"生成数量须在 1 至 {INVITES_LIMIT} 之间")
        if self.expires_days is not None and not 1 <= self.expires_days <= VALIDITY_DAYS_LIMIT:
            raise field_invalid("expires_days", f"有效天数须在 1 至 {VALIDITY_DAYS_LIMIT} 之间")

    def request_keys(self) -> Iterator[str]:
        """One for each code that the request can have: each administrator's request ids are their own."""
        for number in range(INVITES_LIMIT):
            yield f"{self.operator_user_id}:{number}:{self.request_id}"

    def made(self, invites: Sequence[InviteCode]) -> bool:
        """Whether these codes, of the same request id, are what it asks for."""
        return len(invites) == self.quantity and all(
            invite.expire_time == self.expire_time(invite.create_time) for invite in invites
        )

    def expire_time(self, now: datetime) -> datetime | None:
        """When codes that are made now expire."""
        return None if self.expires_days is None else now + timedelta(days=self.expires_days)


@dataclass(frozen=True, slots=True)
class InviteFilter:
    """Which invite codes; None does not matter. `keyword` is part of a code, in either case."""

    status: InviteStatus | None = None
    operator_user_id: int | None = None
    used_by_user_id: int | None = None
    keyword: str | None = None


def invite_code_of(random: bytes) -> str:
    """The code of `INVITE_BYTES` random bytes, without loss."""
    assert len(random) == INVITE_BYTES, "an invite code carries 40 bits"
    return _hyphenated(code_of(random))


def invite_code_as_written(text: str) -> str:
    """The invite code that somebody typed: spaces, hyphens and the case of letters do not matter."""
    return _hyphenated(code_as_written(text))


def use_hash(code: str, use_key: str) -> str:
    """The input hash of the transaction that gives the credits of the code for the request of the key."""
    return fingerprint(code, use_key, INVITE_VALIDITY_DAYS)


def describe_use(invite: InviteCode) -> str:
    """What the user's list of entries says."""
    return f"使用邀请码: {invite.code}"


def _hyphenated(code: str) -> str:
    return f"{code[:4]}-{code[4:]}"
