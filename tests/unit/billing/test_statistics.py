"""Hours made of quarters of an hour, and sums that follow from transactions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from kit.errors import Invalid
from services.billing.domain.journal import (
    GENESIS,
    Posting,
    SystemAccount,
    Transaction,
    TransactionDraft,
    TransactionKind,
    sealed,
)
from services.billing.domain.statistics import (
    CreditTotals,
    HourSpan,
    JournalTally,
    Tally,
    credit_totals,
    quarter_of,
)

START = datetime(2026, 5, 4, 10, 30, tzinfo=UTC)


def transactions() -> list[Transaction]:
    """A recharge of 50, a hold of 10 of them, 7 taken and 3 returned."""
    recharge = TransactionDraft(
        TransactionKind.RECHARGE,
        "a",
        "",
        "",
        START,
        (Posting(SystemAccount.GRANTS.value, -50), Posting("user:7", 50, 50)),
    )
    reserve = TransactionDraft(
        TransactionKind.RESERVE, "b", "", "", START, (Posting("user:7", -10, 40), Posting("held:7", 10, 10))
    )
    capture = TransactionDraft(
        TransactionKind.CAPTURE,
        "c",
        "",
        "",
        START,
        (Posting("held:7", -10, 0), Posting("user:7", 3, 43), Posting(SystemAccount.CONSUMPTION.value, 7)),
        feature_key="tts",
    )
    return sealed([recharge, reserve, capture], GENESIS)


def test_sums_follow_from_the_transactions_up_to_the_last() -> None:
    tally = JournalTally(3)
    for transaction in transactions():
        tally.add(transaction)
    assert tally.by_account == {
        "grants": Tally(1, -50),
        "user": Tally(3, 43),
        "held": Tally(2, 0),
        "consumption": Tally(1, 7),
    }
    assert tally.by_entry == {
        ("user:7", "recharge"): Tally(1, 50),
        ("user:7", "reserve"): Tally(1, -10),
        ("user:7", "capture"): Tally(1, 3),
    }
    assert tally.by_quarter == {(quarter_of(START), "tts"): Tally(1, 7)}
    assert credit_totals(tally.by_account) == CreditTotals(issued=50, consumed=7, held=0, available=43, expired=0)


def test_transactions_behind_the_last_do_not_count() -> None:
    tally = JournalTally(1)
    for transaction in transactions():
        tally.add(transaction)
    assert tally.by_account == {"grants": Tally(1, -50), "user": Tally(1, 50)}


def test_differences_name_what_and_where() -> None:
    journalled = JournalTally(3, by_account={"grants": Tally(1, -50)}, by_entry={("user:7", "recharge"): Tally(1, 50)})
    kept = JournalTally(3, by_account={"grants": Tally(1, -51)}, by_quarter={(4, "tts"): Tally(2, 8)})
    assert list(journalled.differences(kept)) == [
        "total of account grants is kept as -51 in 1 postings, but the journal has -50 in 1",
        "entries of user:7 recharge is kept as 0 in 0 postings, but the journal has 50 in 1",
        "consumption in 4 tts is kept as 8 in 2 postings, but the journal has 0 in 0",
    ]
    assert list(journalled.differences(journalled)) == []


def test_hours_begin_where_they_are_asked_for() -> None:
    span = HourSpan(START, 3)
    span.check()
    first = quarter_of(START)
    by_quarter = {
        (first, "tts"): Tally(1, 10),
        (first + 3, "tts"): Tally(2, 20),
        (first + 3, "llm_rewrite"): Tally(1, 15),
        (first + 11, "tts"): Tally(1, 5),
    }
    hours = span.gather(by_quarter)
    assert [hour.start for hour in hours] == [START + timedelta(hours=place) for place in range(3)]
    assert [dict(hour.features) for hour in hours] == [
        {"tts": Tally(3, 30), "llm_rewrite": Tally(1, 15)},
        {},
        {"tts": Tally(1, 5)},
    ]
    assert span.quarters == range(first, first + 12)


@pytest.mark.parametrize(
    ("start", "hours", "field"),
    [
        (START, 0, "hours"),
        (START, 73, "hours"),
        (START + timedelta(minutes=1), 1, "start_time"),
        (START + timedelta(microseconds=1), 1, "start_time"),
        (datetime(9999, 12, 31, 23, 45, tzinfo=UTC), 1, "start_time"),
    ],
)
def test_spans_that_no_zone_has_are_refused(start: datetime, hours: int, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        HourSpan(start, hours).check()
    assert refused.value.metadata == {"field": field}
