"""The unit of work of the video service."""

from __future__ import annotations

from sqlalchemy import Connection

from kit.db.uow import UnitOfWork
from kit.events.envelope import EventSource
from kit.tasks.repository import TaskRepository
from services.video.store.provider_orders import ProviderOrderRepository
from services.video.store.tables import EVENT_TABLES, TASKS


class VideoUnit(UnitOfWork):
    """One transaction on tasks, orders at a provider and the outbox."""

    def __init__(self, connection: Connection, events: EventSource) -> None:
        super().__init__(connection, outbox_table=EVENT_TABLES.outbox)
        self.tasks = TaskRepository(connection, TASKS, events, self.outbox)
        self.provider_orders = ProviderOrderRepository(connection, events)
