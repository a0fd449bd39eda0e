"""Balances, and what their users see of the changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.billing.domain.errors import field_invalid
from services.billing.domain.fingerprint import fingerprint
from services.billing.domain.limits import check_description, check_request_id


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


@dataclass(frozen=True, slots=True)
class Balance:
    """Credits of one user: `available` can be spent, `held` is set aside. `version` counts the changes."""

    user_id: int
    available: int = 0
    held: int = 0
    version: int = 0

    def moved(self, *, available: int, held: int) -> Balance:
        """This balance with both parts changed by so much."""
        after = Balance(self.user_id, self.available + available, self.held + held, self.version + 1)
        assert after.available >= 0, "available credits would be negative"
        assert after.held >= 0, "held credits would be negative"
        return after


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Recharge:
    """Credits an administrator adds."""

    request_id: str
    operator_user_id: int
    user_id: int
    credits: int
    description: str

    def check(self) -> None:
        """Raises Invalid, naming the field."""
        check_request_id(self.request_id)
        check_description(self.description)
        if self.credits < 1:
            raise field_invalid("credits", "充值积分必须大于或等于 1")

    def input_hash(self) -> str:
        """Tells it from another recharge with the same request id."""
        return fingerprint(self.user_id, self.credits, self.description)
