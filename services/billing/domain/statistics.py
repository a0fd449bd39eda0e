"""Sums over the journal, and how they follow from its transactions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

from services.billing.domain.errors import field_invalid
from services.billing.domain.journal import Posting, SystemAccount, Transaction
from services.billing.domain.ledger import EntryType

# The accounts of all users are summed under these names, beside those of the system.
SPENDABLE_TOTAL: Final = "user"
HELD_TOTAL: Final = "held"
HOURS_LIMIT: Final = 72
# Hours begin on a quarter of an hour of UTC in every time zone, so quarters make up the hours of any of them.
QUARTER: Final = timedelta(minutes=15)

K = TypeVar("K")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_QUARTERS_OF_HOUR = 4
# The hours of every span are in the calendar.
_LAST_START = datetime.max.replace(tzinfo=UTC) - timedelta(hours=HOURS_LIMIT)
_ISSUING = (SystemAccount.GRANTS, SystemAccount.CARDS, SystemAccount.INVITES, SystemAccount.SALES)


@dataclass(frozen=True, slots=True)
class Tally:
    """Credits of so many postings."""

    number: int = 0
    credits: int = 0

    def plus(self, other: Tally) -> Tally:
        return Tally(self.number + other.number, self.credits + other.credits)


@dataclass(frozen=True, slots=True)
class CreditTotals:
    """Credits of all users. Issued ones are consumed, expired, held or available."""

    issued: int
    consumed: int
    held: int
    available: int
    expired: int


@dataclass(frozen=True, slots=True)
class HourOfConsumption:
    """What features consumed in the hour from `start` on, by their keys."""

    start: datetime
    features: Mapping[str, Tally]


@dataclass(frozen=True, slots=True)
class EntryTotal:
    """A user's entries of one type."""

    type: EntryType
    tally: Tally


def quarter_of(time: datetime) -> int:
    """Number of the quarter of an hour, counted from 1970."""
    return (time - _EPOCH) // QUARTER


def credit_totals(by_account: Mapping[str, Tally]) -> CreditTotals:
    """Totals from the tallies of the system's accounts and of the two kinds of users' accounts."""

    def credits_of(account: str) -> int:
        return by_account.get(account, Tally()).credits

    return CreditTotals(
        issued=-sum(credits_of(account.value) for account in _ISSUING),
        consumed=credits_of(SystemAccount.CONSUMPTION.value),
        held=credits_of(HELD_TOTAL),
        available=credits_of(SPENDABLE_TOTAL),
        expired=credits_of(SystemAccount.EXPIRY.value),
    )


@dataclass(frozen=True, slots=True)
class HourSpan:
    """Hours one after another, from `start` on."""

    start: datetime
    hours: int

    def check(self) -> None:
        """Raises Invalid, naming the field."""
        if not 1 <= self.hours <= HOURS_LIMIT:
            raise field_invalid("hours", f"小时数须在 1 至 {HOURS_LIMIT} 之间")
        if (self.start - _EPOCH) % QUARTER:
            raise field_invalid("start_time", "起始时间须为整刻钟")
        if self.start > _LAST_START:
            raise field_invalid("start_time", "起始时间过晚")

    @property
    def quarters(self) -> range:
        """Numbers of its quarters of an hour."""
        first = quarter_of(self.start)
        return range(first, first + self.hours * _QUARTERS_OF_HOUR)

    def gather(self, by_quarter: Mapping[tuple[int, str], Tally]) -> list[HourOfConsumption]:
        """Its hours, of tallies by quarter and feature."""
        features: list[dict[str, Tally]] = [{} for _ in range(self.hours)]
        first = self.quarters.start
        for (quarter, key), tally in sorted(by_quarter.items()):
            hour = features[(quarter - first) // _QUARTERS_OF_HOUR]
            hour[key] = hour.get(key, Tally()).plus(tally)
        return [HourOfConsumption(self.start + timedelta(hours=place), of) for place, of in enumerate(features)]


@dataclass(slots=True)
class JournalTally:
    """The sums over the first transactions of a journal, up to an id."""

    last_id: int
    by_account: dict[str, Tally] = field(default_factory=dict)
    by_entry: dict[tuple[str, str], Tally] = field(default_factory=dict)
    by_quarter: dict[tuple[int, str], Tally] = field(default_factory=dict)

    def add(self, transaction: Transaction) -> None:
        """Counts a transaction unless it comes after the last."""
        if transaction.id > self.last_id:
            return
        draft = transaction.draft
        for posting in draft.postings:
            kind = _total_of(posting)
            _count(self.by_account, kind, posting)
            if kind == SPENDABLE_TOTAL:
                _count(self.by_entry, (posting.account, draft.kind.value), posting)
            if kind == SystemAccount.CONSUMPTION.value:
                _count(self.by_quarter, (quarter_of(draft.create_time), draft.feature_key or ""), posting)

    def differences(self, kept: JournalTally) -> Iterator[str]:
        """What is kept otherwise than it follows from the journal."""
        yield from _differences("total of account", self.by_account, kept.by_account)
        yield from _differences("entries of", self.by_entry, kept.by_entry)
        yield from _differences("consumption in", self.by_quarter, kept.by_quarter)


def _total_of(posting: Posting) -> str:
    """The name under which a posting is summed: system accounts keep no balance."""
    return posting.account if posting.balance_after is None else posting.account.partition(":")[0]


def _count(tallies: dict[K, Tally], key: K, posting: Posting) -> None:
    tallies[key] = tallies.get(key, Tally()).plus(Tally(1, posting.credits))


def _differences(what: str, journalled: Mapping[K, Tally], kept: Mapping[K, Tally]) -> Iterator[str]:
    for key in {**journalled, **kept}:
        expected, found = journalled.get(key, Tally()), kept.get(key, Tally())
        if expected != found:
            name = " ".join(map(str, key)) if isinstance(key, tuple) else str(key)
            yield (
                f"{what} {name} is kept as {found.credits} in {found.number} postings, "
                f"but the journal has {expected.credits} in {expected.number}"
            )
