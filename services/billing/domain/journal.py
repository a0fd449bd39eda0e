"""The journal: transactions of postings that sum to zero, each sealed with the hash of the one before.

Canonical form of a transaction, from which its hash is made: the JSON text of one array, serialised as RFC 8785
has it (no white space, non-ASCII characters as they are, UTF-8), of these elements in this order:

    1 (the version of this form), id, previous hash, kind, request key, input hash, hold id or null,
    feature key or null, description, operator's user id or null, time in microseconds since 1970 UTC,
    and an array of the postings by account name in code point order, each [account, credits, balance after or null].

All numbers are integers below 2**53. The hash is the SHA-256 of these bytes, in lower-case hex; the previous hash of
the first transaction is 64 zeros.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from operator import attrgetter
from types import MappingProxyType

import orjson

from kit.values import value
from services.billing.domain.ledger import Entry, EntryType

_FORM_VERSION = 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SPENDABLE = "user:"
_HELD = "held:"
_USER_ACCOUNT = re.compile(f"(?:{_SPENDABLE}|{_HELD})([1-9][0-9]*)")
_CARD = "card:"
_CARD_KEY = re.compile(f"{_CARD}([1-9][0-9]{{0,17}})")
_INVITE = "invite:"
_INVITE_KEY = re.compile(f"{_INVITE}([1-9][0-9]{{0,17}})")
_by_account = attrgetter("account")


class SystemAccount(StrEnum):
    """The other side of what users gain and lose. The values are stored."""

    GRANTS = "grants"
    CARDS = "cards"
    INVITES = "invites"
    SALES = "sales"
    CONSUMPTION = "consumption"
    EXPIRY = "expiry"


class TransactionKind(StrEnum):
    """What happened. The values are stored."""

    RECHARGE = "recharge"
    RESERVE = "reserve"
    # For speech with emotions, which the contract lists as a type of its own.
    RESERVE_SYNTHESIS = "reserve_synthesis"
    CAPTURE = "capture"
    RELEASE = "release"
    EXPIRE_HOLD = "expire_hold"
    REDEEM_CARD = "redeem_card"
    USE_INVITE = "use_invite"
    ADD = "add"
    DEDUCT = "deduct"
    EXPIRE = "expire"


# What a user sees when a transaction of the kind changes what they can spend. Every one does, but for a capture of the
# whole hold.
ENTRY_TYPES: Mapping[TransactionKind, EntryType] = MappingProxyType(
    {
        TransactionKind.RECHARGE: EntryType.ADMIN_RECHARGE,
        TransactionKind.RESERVE: EntryType.FEATURE_CONSUME,
        TransactionKind.RESERVE_SYNTHESIS: EntryType.VOICE_SYNTHESIS,
        TransactionKind.CAPTURE: EntryType.REFUND,
        TransactionKind.RELEASE: EntryType.REFUND,
        TransactionKind.EXPIRE_HOLD: EntryType.REFUND,
        TransactionKind.REDEEM_CARD: EntryType.CARD_ACTIVATION,
        TransactionKind.USE_INVITE: EntryType.INVITE_CODE,
        TransactionKind.ADD: EntryType.ADMIN_RECHARGE,
        TransactionKind.DEDUCT: EntryType.ADMIN_DEDUCT,
        TransactionKind.EXPIRE: EntryType.EXPIRE,
    }
)
# Those that make a hold.
RESERVATIONS = frozenset({TransactionKind.RESERVE, TransactionKind.RESERVE_SYNTHESIS})


def spendable_account(user_id: int) -> str:
    """The account of what the user can spend."""
    return f"{_SPENDABLE}{user_id}"


def held_account(user_id: int) -> str:
    """The account of what is set aside for the user's tasks."""
    return f"{_HELD}{user_id}"


def user_of(account: str) -> int | None:
    """The user whose account it is; None for any other name."""
    found = _USER_ACCOUNT.fullmatch(account)
    return None if found is None else int(found[1])


def reserve_key(request_id: str) -> str:
    """The request key of the transaction that makes a hold."""
    return f"reserve:{request_id}"


def settle_key(hold_id: str) -> str:
    """The request key of the one transaction that settles a hold, whichever way."""
    return f"settle:{hold_id}"


def recharge_key(operator_user_id: int, request_id: str) -> str:
    """The request key of a recharge: each administrator's request ids are their own."""
    return f"recharge:{operator_user_id}:{request_id}"


def card_key(card_id: int) -> str:
    """The request key of the one transaction that redeems a card, whoever asks."""
    return f"{_CARD}{card_id}"


def card_of(request_key: str) -> int | None:
    """The card that is redeemed under this request key; None for any other key."""
    found = _CARD_KEY.fullmatch(request_key)
    return None if found is None else int(found[1])


def invite_key(invite_id: int) -> str:
    """The request key of the one transaction that uses an invite code, whoever asks."""
    return f"{_INVITE}{invite_id}"


def invite_of(request_key: str) -> int | None:
    """The invite code that is used under this request key; None for any other key."""
    found = _INVITE_KEY.fullmatch(request_key)
    return None if found is None else int(found[1])


def adjust_key(operator_user_id: int, request_id: str) -> str:
    """The request key of an adjustment: each administrator's request ids are their own."""
    return f"adjust:{operator_user_id}:{request_id}"


def expire_key(user_id: int, expire_time: datetime) -> str:
    """The request key of the one transaction that takes a user's credits at that time."""
    return f"expire:{user_id}:{expire_time.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def expire_returned_key(hold_id: str) -> str:
    """The request key of the one transaction that takes what came back from a hold too late."""
    return f"expire_returned:{hold_id}"


@value
class Posting:
    """Credits that an account gained, or lost when negative. System accounts keep no balance."""

    account: str
    credits: int
    balance_after: int | None = None


@value
class TransactionDraft:
    """A transaction without its place in the journal. Nothing else has its request key."""

    kind: TransactionKind
    request_key: str
    input_hash: str
    description: str
    create_time: datetime
    postings: tuple[Posting, ...]
    hold_id: str | None = None
    feature_key: str | None = None
    operator_user_id: int | None = None


@value
class Transaction:
    """A transaction in its place. Ids count from 1 without gaps."""

    id: int
    draft: TransactionDraft
    previous_hash: str
    hash: str


@value
class ChainHead:
    """The newest transaction."""

    transaction_id: int
    hash: str


GENESIS = ChainHead(0, "0" * 64)


def canonical_form(transaction_id: int, draft: TransactionDraft, previous_hash: str) -> bytes:
    """What is hashed; see the module."""
    return orjson.dumps(
        (
            _FORM_VERSION,
            transaction_id,
            previous_hash,
            draft.kind.value,
            draft.request_key,
            draft.input_hash,
            draft.hold_id,
            draft.feature_key,
            draft.description,
            draft.operator_user_id,
            (draft.create_time - _EPOCH) // _MICROSECOND,
            [
                (posting.account, posting.credits, posting.balance_after)
                for posting in sorted(draft.postings, key=_by_account)
            ],
        )
    )


def hash_of(transaction_id: int, draft: TransactionDraft, previous_hash: str) -> str:
    """SHA-256 of the canonical form, in hex."""
    return hashlib.sha256(canonical_form(transaction_id, draft, previous_hash)).hexdigest()


def sealed(drafts: Iterable[TransactionDraft], head: ChainHead) -> list[Transaction]:
    """The drafts as the transactions that follow the head, in their order."""
    transactions: list[Transaction] = []
    previous_id, previous_hash = head.transaction_id, head.hash
    for transaction_id, draft in enumerate(drafts, start=previous_id + 1):
        own_hash = hash_of(transaction_id, draft, previous_hash)
        transactions.append(Transaction(transaction_id, draft, previous_hash, own_hash))
        previous_hash = own_hash
    return transactions


def entry_of(transaction: Transaction) -> Entry:
    """What a user sees of a transaction that changed what they can spend."""
    draft = transaction.draft
    posting = next(posting for posting in draft.postings if posting.account.startswith(_SPENDABLE))
    assert posting.balance_after is not None, "users' accounts keep a balance"
    return Entry(
        id=transaction.id,
        user_id=int(posting.account.removeprefix(_SPENDABLE)),
        type=ENTRY_TYPES[draft.kind],
        credits=posting.credits,
        balance_before=posting.balance_after - posting.credits,
        balance_after=posting.balance_after,
        feature_key=draft.feature_key,
        description=draft.description,
        operator_user_id=draft.operator_user_id,
        hold_id=draft.hold_id,
        create_time=draft.create_time,
    )
