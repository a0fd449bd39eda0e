"""The hash chain, and what is found in a journal that somebody has tampered with."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

from services.billing.domain.journal import (
    GENESIS,
    Posting,
    Transaction,
    TransactionDraft,
    TransactionKind,
    canonical_form,
    entry_of,
    sealed,
    user_of,
)
from services.billing.domain.ledger import EntryType
from services.billing.domain.verification import JournalWalk

DRAFT = TransactionDraft(
    TransactionKind.RECHARGE,
    "recharge:1:r-1",
    "ab",
    '补偿 "积分"\n',
    datetime(2026, 5, 4, 10, 0, 0, 250, tzinfo=UTC),
    (Posting("user:7", 5, 5), Posting("grants", -5)),
    operator_user_id=1,
)
CANONICAL = (
    '[1,1,"' + "0" * 64 + '","recharge","recharge:1:r-1","ab",null,null,"补偿 \\"积分\\"\\n",1,1777888800000250,'
    '[["grants",-5,null],["user:7",5,5]]]'
)


def journal(length: int = 4) -> list[Transaction]:
    """Recharges of five credits each."""
    drafts = [
        replace(
            DRAFT,
            request_key=f"recharge:1:r-{number}",
            postings=(Posting("user:7", 5, 5 * number), Posting("grants", -5)),
        )
        for number in range(1, length + 1)
    ]
    return sealed(drafts, GENESIS)


def findings(transactions: list[Transaction]) -> list[tuple[str, str]]:
    walk = JournalWalk()
    return [(found.where, found.problem) for one in transactions for found in walk.check(one)]


def test_the_canonical_form_is_the_documented_one() -> None:
    assert canonical_form(1, DRAFT, GENESIS.hash).decode() == CANONICAL
    (transaction,) = sealed([DRAFT], GENESIS)
    assert transaction.hash == hashlib.sha256(CANONICAL.encode()).hexdigest()


def test_the_order_of_postings_does_not_matter_and_everything_else_does() -> None:
    own = canonical_form(1, DRAFT, GENESIS.hash)
    assert canonical_form(1, replace(DRAFT, postings=DRAFT.postings[::-1]), GENESIS.hash) == own
    others = [
        canonical_form(2, DRAFT, GENESIS.hash),
        canonical_form(1, DRAFT, "1" * 64),
        *(
            canonical_form(1, replace(DRAFT, **change), GENESIS.hash)
            for change in (
                {"kind": TransactionKind.RELEASE},
                {"request_key": "other"},
                {"input_hash": "cd"},
                {"description": ""},
                {"create_time": datetime(2026, 5, 4, 10, 0, 0, 251, tzinfo=UTC)},
                {"hold_id": "hold_1"},
                {"feature_key": "tts"},
                {"operator_user_id": 2},
                {"postings": (Posting("user:8", 5, 5), Posting("grants", -5))},
                {"postings": (Posting("user:7", 5, 6), Posting("grants", -5))},
            )
        ),
    ]
    assert own not in others
    assert len(set(others)) == len(others)


def test_a_journal_chains_and_counts_without_gaps() -> None:
    transactions = journal()
    assert [transaction.id for transaction in transactions] == [1, 2, 3, 4]
    for former, transaction in pairwise(transactions):
        assert transaction.previous_hash == former.hash
    assert findings(transactions) == []


def test_an_amount_that_was_changed_is_found_where_it_is() -> None:
    transactions = journal()
    draft = replace(transactions[1].draft, postings=(Posting("user:7", 50, 55), Posting("grants", -50)))
    transactions[1] = replace(transactions[1], draft=draft)
    assert findings(transactions) == [
        ("transaction 2", "its content does not have its hash"),
        ("transaction 3", "leaves user:7 with 15, not 60"),
    ]


def test_one_side_that_was_changed_breaks_the_sum() -> None:
    transactions = journal(1)
    draft = replace(transactions[0].draft, postings=(Posting("user:7", 6, 6), Posting("grants", -5)))
    assert ("transaction 1", "its postings sum to 1, not to zero") in findings([replace(transactions[0], draft=draft)])


def test_transactions_in_another_order_are_found() -> None:
    first, second, third, fourth = journal()
    found = findings([first, replace(third, id=2), replace(second, id=3), fourth])
    assert {where for where, _ in found} >= {"transaction 2", "transaction 3", "transaction 4"}
    assert ("transaction 2", "does not follow transaction 1: the hashes differ") in found


def test_a_transaction_that_is_gone_is_named() -> None:
    first, _, _, fourth = journal()
    found = findings([first, fourth])
    assert found[0] == ("transactions 2 to 3", "missing")
    first, _, third, _ = journal()
    assert findings([first, third])[0] == ("transaction 2", "missing")


def test_a_resealed_transaction_breaks_the_one_behind_it() -> None:
    transactions = journal()
    forged = replace(transactions[1].draft, description="forged")
    (transactions[1],) = sealed([forged], type(GENESIS)(1, transactions[0].hash))
    assert findings(transactions) == [("transaction 3", "does not follow transaction 2: the hashes differ")]


def test_an_entry_is_what_the_user_sees_of_a_transaction() -> None:
    entry = entry_of(journal()[1])
    assert (entry.id, entry.user_id, entry.type) == (2, 7, EntryType.ADMIN_RECHARGE)
    assert (entry.balance_before, entry.credits, entry.balance_after) == (5, 5, 10)


def test_only_accounts_of_users_have_a_user() -> None:
    assert (user_of("user:7"), user_of("held:12")) == (7, 12)
    for other in ("grants", "user:", "user:07", "user:7 ", "held:-1"):
        assert user_of(other) is None
