"""What each kind of transaction posts, and the balance it leaves. Whether it is right to make it, is not asked here."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from kit.values import value
from services.billing.domain.adjustments import Adjust
from services.billing.domain.cards import Card, RedeemCard, describe
from services.billing.domain.errors import credits_limit_exceeded
from services.billing.domain.holds import Hold
from services.billing.domain.invites import INVITE_VALIDITY_DAYS, InviteCode, UseInvite, describe_use
from services.billing.domain.journal import (
    Posting,
    SystemAccount,
    TransactionDraft,
    TransactionKind,
    adjust_key,
    card_key,
    expire_key,
    expire_returned_key,
    held_account,
    invite_key,
    recharge_key,
    reserve_key,
    settle_key,
    spendable_account,
)
from services.billing.domain.ledger import Balance, Recharge
from services.billing.domain.limits import CREDITS_LIMIT
from services.billing.domain.pricing import VOICE_SYNTHESIS

_NOT_DONE = "任务未完成，退还积分"
_PARTLY_USED = "实际用量较少，退还积分"
_HOLD_EXPIRED = "预扣超时，退还积分"
_CREDITS_EXPIRED = "积分已过期"


@value
class Movement:
    """A transaction, and the balance after it. Its `validity_days` count from its time."""

    balance: Balance
    draft: TransactionDraft
    validity_days: int | None = None


def reserve(balance: Balance, hold: Hold, description: str) -> Movement:
    """Sets the hold's credits aside."""
    after = balance.moved(available=-hold.credits, held=hold.credits)
    is_synthesis = hold.feature_key == VOICE_SYNTHESIS
    draft = TransactionDraft(
        TransactionKind.RESERVE_SYNTHESIS if is_synthesis else TransactionKind.RESERVE,
        reserve_key(hold.request_id),
        hold.input_hash,
        description,
        hold.create_time,
        (
            Posting(spendable_account(hold.user_id), -hold.credits, after.available),
            Posting(held_account(hold.user_id), hold.credits, after.held),
        ),
        hold_id=hold.id,
        feature_key=hold.feature_key,
    )
    return Movement(after, draft)


def settle(balance: Balance, settled: Hold, kind: TransactionKind) -> Movement:
    """Takes what was captured of a hold and gives back the rest."""
    assert settled.settle_time is not None, "it was settled just now"
    returned = settled.credits - settled.captured_credits
    after = balance.moved(available=returned, held=-settled.credits)
    postings = [Posting(held_account(settled.user_id), -settled.credits, after.held)]
    if returned:
        postings.append(Posting(spendable_account(settled.user_id), returned, after.available))
    if settled.captured_credits:
        postings.append(Posting(SystemAccount.CONSUMPTION.value, settled.captured_credits))
    draft = TransactionDraft(
        kind,
        settle_key(settled.id),
        "",
        # Searches tell by it whether a capture is an entry.
        _why_returned(kind) if returned else "",
        settled.settle_time,
        tuple(postings),
        hold_id=settled.id,
        feature_key=settled.feature_key,
    )
    return Movement(after, draft)


def recharge(balance: Balance, asked: Recharge, now: datetime) -> Movement:
    """Raises Precondition (CREDITS_LIMIT_EXCEEDED)."""
    after = _grown(balance, asked.credits)
    if asked.validity_days is not None:
        after = after.valid_for(asked.validity_days, now)
    draft = TransactionDraft(
        TransactionKind.RECHARGE,
        recharge_key(asked.operator_user_id, asked.request_id),
        asked.input_hash(),
        asked.description,
        now,
        _gained(SystemAccount.GRANTS, after, asked.credits),
        operator_user_id=asked.operator_user_id,
    )
    return Movement(after, draft, asked.validity_days)


def adjust(balance: Balance, asked: Adjust, *, gain: int, now: datetime) -> Movement:
    """Adds so much, or takes it when negative. Raises Precondition (CREDITS_LIMIT_EXCEEDED)."""
    after = _grown(balance, gain) if gain > 0 else balance.moved(available=gain, held=0)
    draft = TransactionDraft(
        TransactionKind.ADD if gain > 0 else TransactionKind.DEDUCT,
        adjust_key(asked.operator_user_id, asked.request_id),
        asked.input_hash(),
        asked.description,
        now,
        _gained(SystemAccount.GRANTS, after, gain),
        operator_user_id=asked.operator_user_id,
    )
    return Movement(after, draft)


def redeem_card(balance: Balance, card: Card, *, redemption: RedeemCard, now: datetime) -> Movement:
    """Raises Precondition (CREDITS_LIMIT_EXCEEDED)."""
    after = _grown(balance, card.batch.credits)
    draft = TransactionDraft(
        TransactionKind.REDEEM_CARD,
        card_key(card.id),
        redemption.input_hash(),
        describe(card),
        now,
        _gained(SystemAccount.CARDS, after, card.batch.credits),
    )
    return Movement(after, draft)


def use_invite(balance: Balance, invite: InviteCode, *, use: UseInvite, now: datetime) -> Movement:
    """Also moves the time at which credits expire. Raises Precondition (CREDITS_LIMIT_EXCEEDED)."""
    after = _grown(balance, invite.credits).valid_for(INVITE_VALIDITY_DAYS, now)
    draft = TransactionDraft(
        TransactionKind.USE_INVITE,
        invite_key(invite.id),
        use.input_hash(),
        describe_use(invite),
        now,
        _gained(SystemAccount.INVITES, after, invite.credits),
    )
    return Movement(after, draft, INVITE_VALIDITY_DAYS)


def expire(balance: Balance, now: datetime) -> Movement:
    """Takes everything that can be spent."""
    assert balance.expire_time is not None, "its time is over"
    key = expire_key(balance.user_id, balance.expire_time)
    after = balance.lapsed()
    return Movement(after, _expired(key, after, balance.available, now))


def expire_returned(balance: Balance, settled: Hold, now: datetime) -> Movement:
    """Takes what came back from a hold whose credits had expired while it was open."""
    returned = settled.credits - settled.captured_credits
    after = balance.moved(available=-returned, held=0)
    draft = _expired(expire_returned_key(settled.id), after, returned, now)
    return Movement(after, replace(draft, hold_id=settled.id))


def _expired(key: str, after: Balance, credits: int, now: datetime) -> TransactionDraft:
    postings = _gained(SystemAccount.EXPIRY, after, -credits)
    return TransactionDraft(TransactionKind.EXPIRE, key, "", _CREDITS_EXPIRED, now, postings)


def _gained(source: SystemAccount, after: Balance, credits: int) -> tuple[Posting, Posting]:
    return (
        Posting(source.value, -credits),
        Posting(spendable_account(after.user_id), credits, after.available),
    )


def _why_returned(kind: TransactionKind) -> str:
    match kind:
        case TransactionKind.CAPTURE:
            return _PARTLY_USED
        case TransactionKind.EXPIRE_HOLD:
            return _HOLD_EXPIRED
        case _:
            return _NOT_DONE


def _grown(balance: Balance, credits: int) -> Balance:
    # What is held counts, since it may return.
    if balance.available + balance.held + credits >= CREDITS_LIMIT:
        raise credits_limit_exceeded()
    return balance.moved(available=credits, held=0)
