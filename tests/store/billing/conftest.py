"""A migrated billing database and what works on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import Connection, select

from kit.db.database import Database
from kit.db.uow import Units
from kit.events.envelope import EventSource
from kit.ids import RandomIds
from services.billing.domain.holds import Reservation
from services.billing.domain.ledger import Balance, Entry, Recharge
from services.billing.events import BillingEvents
from services.billing.store.entry_pages import EntryPages
from services.billing.store.tables import EVENT_TABLES
from services.billing.store.uow import BillingUnit
from services.billing.usecases.hold_book import HoldBook, Settlement, TaskOutcome
from services.billing.usecases.holds import Holds
from services.billing.usecases.recharge_book import RechargeBook
from services.billing.usecases.recharges import Recharges
from tests.fakes.clock import FakeClock
from tests.store.migrated import migrated_database

USER = 7


class FakeUsers:
    """Knows the users below a thousand."""

    async def account_of(self, user_id: int) -> str | None:
        return f"user{user_id}" if user_id < 1000 else None


@dataclass
class Billing:
    """Billing without transport."""

    database: Database
    clock: FakeClock
    units: Units[BillingUnit]
    book: HoldBook
    holds: Holds
    recharges: Recharges

    async def recharge(self, credits: int, *, user_id: int = USER, request_id: str = "first") -> Entry:
        recharge = Recharge(request_id, operator_user_id=1, user_id=user_id, credits=credits, description="充值")
        entry, _ = await self.recharges.recharge(recharge)
        return entry

    async def end_task(self, task_id: str, outcome: TaskOutcome) -> Settlement:
        return await self.units.write(lambda unit: self.book.end_task(unit, task_id, user_id=USER, outcome=outcome))

    async def balance(self, user_id: int = USER) -> Balance:
        return await self.units.read(lambda unit: unit.ledger.balances([user_id]).get(user_id, Balance(user_id)))

    async def entries(self, user_id: int = USER) -> list[Entry]:
        """Oldest first."""
        entries, total = await EntryPages(self.database).page(user_id, only=None, limit=1000, offset=0)
        assert len(entries) == total
        return entries[::-1]

    async def event_subjects(self) -> list[str]:
        """Subjects in the outbox, sorted: events of one millisecond are in no particular order."""

        def read(connection: Connection) -> list[str]:
            outbox = EVENT_TABLES.outbox
            return list(connection.scalars(select(outbox.c.subject).order_by(outbox.c.subject)))

        return await self.database.read(read)


def reservation(request_id: str, credits: int | None = None, *, user_id: int = USER) -> Reservation:
    """A reservation of speech synthesis for an hour."""
    return Reservation(
        request_id=request_id,
        user_id=user_id,
        feature_key="tts",
        credits=credits,
        description="TTS语音合成消耗积分",
        expires_in=timedelta(hours=1),
    )


@pytest.fixture
async def billing(database_url: str) -> AsyncIterator[Billing]:
    clock, ids = FakeClock(), RandomIds()
    async with migrated_database(database_url, "billing") as database:
        units = Units(database, lambda connection: BillingUnit(connection, clock))
        events = BillingEvents(EventSource("billing", ids, clock))
        book = HoldBook(events, clock, ids)
        recharges = Recharges(units, FakeUsers(), RechargeBook(events, clock))
        yield Billing(database, clock, units, book, Holds(units, book), recharges)
