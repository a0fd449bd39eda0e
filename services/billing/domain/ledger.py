"""Balances, and the movements that are allowed on them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from kit.errors import InsufficientCredits
from services.billing.domain.errors import credits_limit_exceeded, field_invalid
from services.billing.domain.holds import Hold
from services.billing.domain.limits import CREDITS_LIMIT, check_description, check_request_id


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
        after = replace(self, available=self.available + available, held=self.held + held, version=self.version + 1)
        assert after.available >= 0, "available credits would be negative"
        assert after.held >= 0, "held credits would be negative"
        return after


@dataclass(frozen=True, slots=True)
class EntryDraft:
    """What an entry will say beside the figures."""

    type: EntryType
    description: str
    feature_key: str | None = None
    operator_user_id: int | None = None
    hold_id: str | None = None


@dataclass(frozen=True, slots=True)
class Movement:
    """A balance before and after, and what explains it; no draft when spendable credits stay the same."""

    before: Balance
    after: Balance
    draft: EntryDraft | None


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


def hold_movement(balance: Balance, hold: Hold, description: str) -> Movement:
    """Sets the credits of a new hold aside. Raises InsufficientCredits."""
    if balance.available < hold.credits:
        raise InsufficientCredits(required=hold.credits, available=balance.available)
    draft = None
    if hold.credits:
        draft = EntryDraft(EntryType.FEATURE_CONSUME, description, feature_key=hold.feature_key, hold_id=hold.id)
    return Movement(balance, balance.moved(available=-hold.credits, held=hold.credits), draft)


def settle_movement(balance: Balance, settled: Hold, description: str) -> Movement:
    """Takes what was captured out of the held credits and gives the rest back."""
    returned = settled.credits - settled.captured_credits
    draft = None
    if returned:
        draft = EntryDraft(EntryType.REFUND, description, feature_key=settled.feature_key, hold_id=settled.id)
    return Movement(balance, balance.moved(available=returned, held=-settled.credits), draft)


def recharge_movement(balance: Balance, recharge: Recharge) -> Movement:
    """Adds credits. Raises Precondition (CREDITS_LIMIT_EXCEEDED); what is held counts, since it may return."""
    if balance.available + balance.held + recharge.credits >= CREDITS_LIMIT:
        raise credits_limit_exceeded()
    draft = EntryDraft(EntryType.ADMIN_RECHARGE, recharge.description, operator_user_id=recharge.operator_user_id)
    return Movement(balance, balance.moved(available=recharge.credits, held=0), draft)
