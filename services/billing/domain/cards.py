"""Cards: codes that are worth credits, to one user, once."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.billing.domain.codes import CODE_ALPHABET, code_of
from services.billing.domain.errors import card_disabled, card_expired, card_not_found, card_used, field_invalid
from services.billing.domain.fingerprint import fingerprint
from services.billing.domain.ledger import Entry
from services.billing.domain.limits import check_description, check_request_id

# 16 characters of 32 carry 80 bits.
CODE_BYTES = 10
BATCH_LIMIT = 10_000
EXPIRES_DAYS_LIMIT = 3650
BATCH_NUMBER_MAX_CHARACTERS = 64

_CODE = re.compile(f"[{CODE_ALPHABET}]{{16}}")


class CardState(StrEnum):
    """What was done with a card. The values are stored."""

    ACTIVE = "active"
    USED = "used"
    DISABLED = "disabled"
    DELETED = "deleted"


class CardStatus(StrEnum):
    """What a card is now, as administrators see it. The values are those of the REST contract."""

    ACTIVE = "active"
    USED = "used"
    EXPIRED = "expired"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class CardBatch:
    """Cards that were made together; `credits` and `price_fen` are those of one. No `expire_time` means never."""

    id: int
    number: str
    package_key: str
    package_name: str
    credits: int
    price_fen: int
    quantity: int
    description: str
    expire_time: datetime | None
    operator_user_id: int
    create_time: datetime

    def is_expired(self, now: datetime) -> bool:
        return self.expire_time is not None and self.expire_time <= now


@dataclass(frozen=True, slots=True)
class Card:
    """One card. The last three fields are None unless it was used; `redeem_key` is that of the request that did."""

    id: int
    code: str
    state: CardState
    batch: CardBatch
    used_by_user_id: int | None = None
    use_time: datetime | None = None
    redeem_key: str | None = None

    def status(self, now: datetime) -> CardStatus:
        """What a card that was not deleted is now."""
        if self.state is CardState.ACTIVE and self.batch.is_expired(now):
            return CardStatus.EXPIRED
        return CardStatus(self.state.value)

    def redeemed(self, redemption: RedeemCard, now: datetime) -> Card:
        """This card as used by the user. Raises NotFound when it was deleted, Precondition when it is not active."""
        match self.state:
            case CardState.DELETED:
                raise card_not_found()
            case CardState.USED:
                raise card_used()
            case CardState.DISABLED:
                raise card_disabled()
            case CardState.ACTIVE:
                if self.batch.is_expired(now):
                    raise card_expired()
        return replace(
            self,
            state=CardState.USED,
            used_by_user_id=redemption.user_id,
            use_time=now,
            redeem_key=redemption.redeem_key,
        )


@dataclass(frozen=True, slots=True)
class RedeemCard:
    """A user wants the credits of a card."""

    request_id: str
    user_id: int
    code: str

    @property
    def redeem_key(self) -> str:
        """Names the request: each user's request ids are their own."""
        return f"{self.user_id}:{self.request_id}"

    def check(self) -> None:
        """Raises Invalid, naming the field, and NotFound for what is no code at all."""
        check_request_id(self.request_id)
        if not _CODE.fullmatch(self.code):
            raise card_not_found()

    def input_hash(self) -> str:
        """Tells it from another redemption, also of the same card."""
        return redemption_hash(self.code, self.redeem_key)


@dataclass(frozen=True, slots=True)
class Redemption:
    """A card that was redeemed, and what its user sees of it."""

    entry: Entry
    card: Card


@dataclass(frozen=True, slots=True)
class GenerateCards:
    """An administrator wants a batch. Without a number it gets one; without days the cards do not expire."""

    request_id: str
    operator_user_id: int
    package_key: str
    quantity: int
    number: str
    description: str
    expires_days: int | None

    @property
    def request_key(self) -> str:
        """Names the request: each administrator's request ids are their own."""
        return f"{self.operator_user_id}:{self.request_id}"

    def check(self) -> None:
        """Raises Invalid, naming the field."""
        check_request_id(self.request_id)
        check_description(self.description)
        if not 1 <= self.quantity <= BATCH_LIMIT:
            raise field_invalid("quantity", f"生成数量须在 1 至 {BATCH_LIMIT} 之间")
        if self.expires_days is not None and not 1 <= self.expires_days <= EXPIRES_DAYS_LIMIT:
            raise field_invalid("expires_days", f"有效天数须在 1 至 {EXPIRES_DAYS_LIMIT} 之间")
        if len(self.number) > BATCH_NUMBER_MAX_CHARACTERS:
            raise field_invalid("batch_number", f"批次号不能超过 {BATCH_NUMBER_MAX_CHARACTERS} 个字符")
        if "\0" in self.number:
            raise field_invalid("batch_number", "批次号不能包含空字符")

    def input_hash(self) -> str:
        """Tells it from another batch with the same request id."""
        return fingerprint(self.package_key, self.quantity, self.number, self.description, self.expires_days)


def redemption_hash(code: str, redeem_key: str) -> str:
    """The input hash of the transaction that redeems the card of the code for the request of the key."""
    return fingerprint(code, redeem_key)


def card_code_of(random: bytes) -> str:
    """The code of `CODE_BYTES` random bytes, without loss."""
    assert len(random) == CODE_BYTES, "a code carries 80 bits"
    return code_of(random)


def describe(card: Card) -> str:
    """What the user's list of entries says."""
    batch = card.batch
    return f"激活卡密 {card.code}，获得 {batch.credits} 积分（{batch.package_name}）"
