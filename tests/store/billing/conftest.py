"""A migrated billing database and what works on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TypeVar

import pytest
from sqlalchemy import Connection, select

from kit.db.database import Database
from kit.db.uow import Units
from kit.errors import DomainError
from kit.events.envelope import EventSource
from kit.ids import RandomIds
from kit.rpc.context import current_call
from services.billing.domain.adjustments import Adjust, Adjusted
from services.billing.domain.commands import Capture, Command, EndTask, Release, TaskOutcome
from services.billing.domain.holds import Hold, Reservation
from services.billing.domain.ledger import Balance, Entry, Recharge
from services.billing.events import BillingEvents
from services.billing.metrics import LedgerMeasures
from services.billing.store.entry_pages import EntryPages
from services.billing.store.tables import EVENT_TABLES
from services.billing.store.uow import BillingUnit
from services.billing.usecases.adjustments import Adjustments
from services.billing.usecases.ledger_work import LedgerWork, Result, Submission
from services.billing.usecases.ledger_writer import LedgerWriter
from tests.fakes.clock import FakeClock
from tests.store.migrated import migrated_database

R = TypeVar("R", bound=Result)

USER = 7


class FakeUsers:
    """Knows the users below a thousand."""

    async def accounts_of(self, user_ids: Collection[int]) -> Mapping[int, str]:
        return {user_id: f"user{user_id}" for user_id in user_ids if user_id < 1000}


async def perform_one(writer: LedgerWriter, kind: type[R], command: Command) -> R:
    """What one command ends with; a refusal is raised."""
    (result,) = await writer.perform_as(kind, [Submission(command, current_call())])
    if isinstance(result, DomainError):
        raise result
    return result


class Holding:
    """Requests for holds, one at a time; a refusal is raised."""

    def __init__(self, writer: LedgerWriter) -> None:
        self._writer = writer

    async def reserve(self, asked: Reservation) -> Hold:
        return await self._one(asked)

    async def capture(self, hold_id: str, credits: int | None) -> Hold:
        return await self._one(Capture(hold_id, credits))

    async def release(self, hold_id: str) -> Hold:
        return await self._one(Release(hold_id))

    async def _one(self, command: Reservation | Capture | Release) -> Hold:
        return await perform_one(self._writer, Hold, command)


@dataclass
class Billing:
    """Billing without transport."""

    database: Database
    clock: FakeClock
    units: Units[BillingUnit]
    writer: LedgerWriter
    holds: Holding
    adjustments: Adjustments
    ids: RandomIds

    async def recharge(self, credits: int, *, user_id: int = USER, request_id: str = "first") -> Entry:
        return await self.grant(
            Recharge(request_id, operator_user_id=1, user_id=user_id, credits=credits, description="充值")
        )

    async def grant(self, asked: Recharge) -> Entry:
        """A recharge as it was asked for; a refusal is raised."""
        (change,) = await self.adjustments.recharge([Submission(asked, current_call())])
        if isinstance(change, DomainError):
            raise change
        return change.result

    async def adjust(self, asked: Adjust) -> Adjusted:
        """The same for an adjustment."""
        (change,) = await self.adjustments.adjust([Submission(asked, current_call())])
        if isinstance(change, DomainError):
            raise change
        return change.result

    async def perform(self, *commands: Command) -> Sequence[Result]:
        """The commands as they would come in one group."""
        return await self.writer.perform([Submission(command, current_call()) for command in commands])

    async def end_task(self, task_id: str, outcome: TaskOutcome) -> Result:
        (result,) = await self.perform(EndTask(self.ids.ordered(), task_id, USER, outcome))
        return result

    async def balance(self, user_id: int = USER) -> Balance:
        return await self.units.read(lambda unit: unit.accounts.balances([user_id]).get(user_id, Balance(user_id)))

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


def ledger_writer(
    units: Units[BillingUnit], clock: FakeClock, ids: RandomIds, *, measures: LedgerMeasures | None = None
) -> LedgerWriter:
    """A writer as one replica of the service has it."""
    work = LedgerWork(BillingEvents(EventSource("billing", ids, clock)), new_hold_id=partial(ids.ordered, "hold_"))
    return LedgerWriter(units, work, clock, measures=measures)


@pytest.fixture
async def billing(database_url: str) -> AsyncIterator[Billing]:
    clock, ids = FakeClock(), RandomIds()
    async with migrated_database(database_url, "billing") as database:
        units = Units(database, lambda connection: BillingUnit(connection, clock))
        async with ledger_writer(units, clock, ids) as writer:
            adjustments = Adjustments(writer, FakeUsers())
            yield Billing(database, clock, units, writer, Holding(writer), adjustments, ids)
