"""Balances, and what their users see of the changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from kit.values import value
from services.billing.domain.errors import field_invalid
from services.billing.domain.fingerprint import fingerprint
from services.billing.domain.limits import VALIDITY_DAYS_LIMIT, check_description, check_request_id


class EntryType(StrEnum):
    """Why credits moved. The values are stored and are those of the REST contracts."""

    CARD_ACTIVATION = "card_activation"
    INVITE_CODE = "invite_code"
    ADMIN_RECHARGE = "admin_recharge"
    ADMIN_DEDUCT = "admin_deduct"
    FEATURE_CONSUME = "feature_consume"
    VOICE_SYNTHESIS = "voice_synthesis"
    REFUND = "refund"
    EXPIRE = "expire"


@value
class Balance:
    """Credits of one user: `available` can be spent, `held` is set aside. `version` counts the changes.

    All of them expire together at `expire_time`, if there is one; `expired_time` was the last such time that is over.
    """

    user_id: int
    available: int = 0
    held: int = 0
    version: int = 0
    expire_time: datetime | None = None
    expired_time: datetime | None = None

    def moved(self, *, available: int, held: int) -> Balance:
        """This balance with both parts changed by so much."""
        after = Balance(
            self.user_id,
            self.available + available,
            self.held + held,
            self.version + 1,
            self.expire_time,
            self.expired_time,
        )
        assert after.available >= 0, "available credits would be negative"
        assert after.held >= 0, "held credits would be negative"
        return after

    def valid_for(self, days: int, now: datetime) -> Balance:
        """This balance with its time moved to so many days of 24 hours from now, if that is later."""
        expire_time = now + timedelta(days=days)
        if self.expire_time is not None and self.expire_time >= expire_time:
            return self
        return replace(self, expire_time=expire_time)

    def is_overdue(self, now: datetime) -> bool:
        """Whether its time is over, and nobody has taken the credits yet."""
        return self.expire_time is not None and self.expire_time <= now

    def lapsed(self) -> Balance:
        """This balance after its time: nothing can be spent, and what is gained from now on has no time."""
        emptied = self.moved(available=-self.available, held=0)
        return replace(emptied, expire_time=None, expired_time=self.expire_time)

    def as_of(self, now: datetime) -> Balance:
        """This balance, lapsed if it is overdue."""
        return self.lapsed() if self.is_overdue(now) else self


@value
class Entry:
    """One line of a user's account. `balance_before` and `balance_after` are what they could spend."""

    id: int
    user_id: int
    type: EntryType
    credits: int
    balance_before: int
    balance_after: int
    feature_key: str | None
    description: str
    operator_user_id: int | None
    hold_id: str | None
    create_time: datetime
    card_code: str | None = None


@value
class Recharge:
    """Credits an administrator adds. With `validity_days` all credits of the user are good for at least so long."""

    request_id: str
    operator_user_id: int
    user_id: int
    credits: int
    description: str
    validity_days: int | None = None

    def check(self) -> None:
        """Raises Invalid, naming the field."""
        check_request_id(self.request_id)
        check_description(self.description)
        if self.credits < 1:
            raise field_invalid("credits", "充值积分必须大于或等于 1")
        if self.validity_days is not None and not 1 <= self.validity_days <= VALIDITY_DAYS_LIMIT:
            raise field_invalid("validity_days", f"有效期须在 1 至 {VALIDITY_DAYS_LIMIT} 天之间")

    def input_hash(self) -> str:
        """Tells it from another recharge with the same request id."""
        return recharge_hash(self.user_id, self.credits, description=self.description, validity_days=self.validity_days)


def recharge_hash(user_id: int, credits: int, *, description: str, validity_days: int | None) -> str:
    """The input hash of the transaction of a recharge."""
    parts = (user_id, credits, description)
    return fingerprint(*parts) if validity_days is None else fingerprint(*parts, validity_days)
