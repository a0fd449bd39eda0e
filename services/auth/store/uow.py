"""The unit of work of auth."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from kit.db.uow import UnitOfWork
from kit.events.inbox import Inbox
from services.auth.store.activities import ActivityRepository
from services.auth.store.audit_records import AuditRepository
from services.auth.store.login_attempts import CountRepository, KnownAddressRepository
from services.auth.store.materials import MaterialRepository
from services.auth.store.phone_codes import PhoneCodeRepository
from services.auth.store.revocations import RevocationRepository
from services.auth.store.sessions import SessionRepository
from services.auth.store.tables import EVENT_TABLES
from services.auth.store.users import UserRepository
from services.auth.store.webhook_deliveries import DeliveryRepository
from services.auth.store.webhooks import WebhookRepository


class AuthUnit(UnitOfWork):
    """One transaction on the auth database."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, outbox_table=EVENT_TABLES.outbox)
        self.users = UserRepository(connection)
        self.sessions = SessionRepository(connection)
        self.revocations = RevocationRepository(connection)
        self.materials = MaterialRepository(connection)
        self.activities = ActivityRepository(connection)
        self.counts = CountRepository(connection)
        self.known_addresses = KnownAddressRepository(connection)
        self.phone_codes = PhoneCodeRepository(connection)
        self.audit = AuditRepository(connection)
        self.webhooks = WebhookRepository(connection)
        self.deliveries = DeliveryRepository(connection)

    def inbox(self, now: datetime) -> Inbox:
        """Which events were applied; `now` dates those applied here."""
        return Inbox(self.connection, EVENT_TABLES.inbox, now=now)
