"""Cards: codes, states, and what redeeming one does to the ledger."""

from __future__ import annotations

import base64
import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from kit.errors import DomainError, Invalid, NotFound, Precondition
from services.billing.domain.book import Decision, LedgerState, Redeemed, decide
from services.billing.domain.cards import (
    BATCH_LIMIT,
    CODE_BYTES,
    Card,
    CardBatch,
    CardState,
    CardStatus,
    GenerateCards,
    RedeemCard,
    card_code_of,
)
from services.billing.domain.codes import CODE_ALPHABET, code_as_written
from services.billing.domain.journal import Posting, TransactionKind, card_key, card_of
from services.billing.domain.ledger import Balance
from services.billing.domain.limits import CREDITS_LIMIT

NOW = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)
CODE = "A2B3C4D5E6F7G8H9"
BATCH = CardBatch(
    id=3,
    number="BATCH_1",
    package_key="recharge_30",
    package_name="30元充值",
    credits=3100,
    price_fen=3000,
    quantity=1,
    description="新年活动卡密",
    expire_time=NOW + timedelta(days=1),
    operator_user_id=1,
    create_time=NOW,
)
CARD = Card(5, CODE, CardState.ACTIVE, BATCH)
REDEEM = RedeemCard("r-1", 7, CODE)
GENERATE = GenerateCards("r-1", 1, "recharge_30", 10, "", "新年活动卡密", 365)


def state_with(*cards: Card, available: int = 0) -> LedgerState:
    state = LedgerState(balances={7: Balance(7, available=available)})
    state.add_cards(cards)
    return state


def give(state: LedgerState, command: RedeemCard, now: datetime = NOW) -> Decision:
    decision = decide(state, command, now=now, new_hold_id=lambda: "hold_1")
    state.apply(decision)
    return decision


def refusal(state: LedgerState, command: RedeemCard, now: datetime = NOW) -> str:
    with pytest.raises(DomainError) as refused:
        give(state, command, now)
    return refused.value.reason_name


def test_a_code_is_its_random_bytes_and_nothing_less() -> None:
    assert len(CODE_ALPHABET) == len(set(CODE_ALPHABET)) == 32
    assert not set("IO01") & set(CODE_ALPHABET)
    assert (card_code_of(bytes(10)), card_code_of(b"\xff" * 10)) == ("A" * 16, "9" * 16)
    back = str.maketrans(CODE_ALPHABET, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
    for _ in range(200):
        drawn = secrets.token_bytes(CODE_BYTES)
        assert base64.b32decode(card_code_of(drawn).translate(back)) == drawn


@pytest.mark.parametrize("written", [CODE, f" {CODE}\n", "a2b3-c4d5-e6f7-g8h9", "A2B3 C4D5 E6F7 G8H9"])
def test_a_code_may_be_written_as_people_do(written: str) -> None:
    assert code_as_written(written) == CODE


@pytest.mark.parametrize("code", ["", CODE[:-1], f"{CODE}A", "O2B3C4D5E6F7G8H9", "A2B3C4D5E6F7G8H\0", f"{CODE}\n"])
def test_what_is_no_code_is_an_unknown_card(code: str) -> None:
    with pytest.raises(NotFound, match="CARD_NOT_FOUND: 卡密不存在"):
        replace(REDEEM, code=code).check()
    REDEEM.check()


def test_a_request_id_is_needed() -> None:
    with pytest.raises(Invalid, match="FIELD_INVALID"):
        replace(REDEEM, request_id="").check()


@pytest.mark.parametrize(
    "change",
    [
        {"quantity": 0},
        {"quantity": BATCH_LIMIT + 1},
        {"expires_days": 0},
        {"expires_days": 3651},
        {"number": "x" * 65},
        {"number": "a\0"},
        {"description": "x" * 201},
        {"request_id": ""},
    ],
)
def test_a_batch_has_its_bounds(change: dict[str, object]) -> None:
    replace(GENERATE, quantity=BATCH_LIMIT, expires_days=3650).check()
    with pytest.raises(Invalid, match="FIELD_INVALID"):
        replace(GENERATE, **change).check()


@pytest.mark.parametrize(
    ("state", "now", "status"),
    [
        (CardState.ACTIVE, NOW, CardStatus.ACTIVE),
        (CardState.ACTIVE, NOW + timedelta(days=1), CardStatus.EXPIRED),
        (CardState.DISABLED, NOW + timedelta(days=1), CardStatus.DISABLED),
        (CardState.USED, NOW + timedelta(days=1), CardStatus.USED),
    ],
)
def test_what_a_card_is_now(state: CardState, now: datetime, status: CardStatus) -> None:
    assert replace(CARD, state=state).status(now) is status


def test_a_card_without_a_time_never_expires() -> None:
    card = replace(CARD, batch=replace(BATCH, expire_time=None))
    assert card.status(NOW + timedelta(days=10_000)) is CardStatus.ACTIVE


def test_redeeming_moves_credits_from_the_cards_to_the_user() -> None:
    state = state_with(CARD, available=25)
    decision = give(state, REDEEM)
    assert decision.draft is not None
    assert (decision.draft.kind, decision.draft.request_key) == (TransactionKind.REDEEM_CARD, "card:5")
    assert decision.draft.postings == (Posting("cards", -3100), Posting("user:7", 3100, 3125))
    assert decision.draft.description == f"激活卡密 {CODE}，获得 3100 积分（30元充值）"
    assert decision.redeemed == replace(CARD, state=CardState.USED, used_by_user_id=7, use_time=NOW, redeem_key="7:r-1")
    assert state.balance(7).available == 3125


def test_a_repeated_request_is_answered_as_before_and_any_other_is_refused() -> None:
    other = replace(CARD, id=6, code="B3C4D5E6F7G8H9J2")
    state = state_with(CARD, other)
    first = give(state, REDEEM)
    later = NOW + timedelta(days=2)
    assert give(state, REDEEM, later) == Decision(first.answer)
    assert isinstance(first.answer, Redeemed)
    assert refusal(state, replace(REDEEM, request_id="r-2")) == "CARD_USED"
    assert refusal(state, replace(REDEEM, user_id=8)) == "CARD_USED"
    assert refusal(state, replace(REDEEM, code=other.code)) == "IDEMPOTENCY_KEY_REUSED"
    give(state, replace(REDEEM, user_id=8, code=other.code))
    assert state.balance(8).available == 3100


@pytest.mark.parametrize(
    ("card", "reason"),
    [
        (replace(CARD, code="B3C4D5E6F7G8H9J2"), "CARD_NOT_FOUND"),
        (replace(CARD, state=CardState.DELETED), "CARD_NOT_FOUND"),
        (replace(CARD, state=CardState.USED), "CARD_USED"),
        (replace(CARD, state=CardState.DISABLED), "CARD_DISABLED"),
        (replace(CARD, batch=replace(BATCH, expire_time=NOW)), "CARD_EXPIRED"),
        (replace(CARD, batch=replace(BATCH, credits=CREDITS_LIMIT)), "CREDITS_LIMIT_EXCEEDED"),
    ],
)
def test_each_refusal_has_its_own_reason(card: Card, reason: str) -> None:
    state = state_with(card)
    assert refusal(state, REDEEM) == reason
    assert state.balance(7).available == 0


def test_refusals_that_the_state_makes_are_of_one_kind() -> None:
    with pytest.raises(Precondition, match="卡密已过期"):
        give(state_with(CARD), REDEEM, NOW + timedelta(days=1))


def test_the_request_key_of_a_card_is_known_again() -> None:
    assert card_of(card_key(5)) == 5
    for other in ("card:", "card:05", "card:x", "reserve:card:5", "settle:5", f"card:{'9' * 30}"):
        assert card_of(other) is None
