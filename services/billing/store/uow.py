"""The unit of work of billing."""

from __future__ import annotations

from sqlalchemy import Connection

from kit.clock import Clock
from kit.db.uow import UnitOfWork
from kit.events.inbox import Inbox
from services.billing.store.accounts import AccountRepository
from services.billing.store.adjustments import AdjustmentRepository
from services.billing.store.cards import CardRepository
from services.billing.store.entry_totals import EntryTotalRepository
from services.billing.store.guesses import GuessRepository
from services.billing.store.holds import HoldRepository
from services.billing.store.invites import InviteRepository
from services.billing.store.journal import JournalRepository
from services.billing.store.packages import PackageRepository
from services.billing.store.prices import PriceRepository
from services.billing.store.rollup import RollupRepository
from services.billing.store.tables import EVENT_TABLES


class BillingUnit(UnitOfWork):
    """One transaction on the billing database."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        super().__init__(connection, outbox_table=EVENT_TABLES.outbox)
        self.accounts = AccountRepository(connection)
        self.holds = HoldRepository(connection)
        self.cards = CardRepository(connection)
        self.invites = InviteRepository(connection)
        self.adjustments = AdjustmentRepository(connection)
        self.entry_totals = EntryTotalRepository(connection)
        self.guesses = GuessRepository(connection)
        self.journal = JournalRepository(connection)
        self.prices = PriceRepository(connection)
        self.packages = PackageRepository(connection)
        self.rollup = RollupRepository(connection)
        self.inbox = Inbox(connection, EVENT_TABLES.inbox, now=clock.now())
