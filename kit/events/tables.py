"""Columns of the tables every service that sends or reads events declares on its own metadata.

class OutboxRow(OutboxColumns, BillingTable, table=True):
    __tablename__ = "outbox"
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from sqlalchemy import Index, Table, text
from sqlalchemy.orm import declared_attr
from sqlmodel import Field, SQLModel

from kit.db.types import UtcDateTime

ID_LENGTH = 64
NAME_LENGTH = 200


class OutboxColumns(SQLModel):
    """A message written in the transaction of the state it tells about. Sent rows stay for a while, so that a
    broker that lost its storage can be told again."""

    id: str = Field(primary_key=True, max_length=ID_LENGTH)
    subject: str = Field(max_length=NAME_LENGTH)
    type: str = Field(max_length=NAME_LENGTH)
    payload: bytes
    headers: str
    create_time: datetime = Field(sa_type=UtcDateTime)
    # Nobody else publishes the row before this time. Also carries the back-off after a failure.
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    attempts: int = 0
    sent_time: datetime | None = Field(default=None, sa_type=UtcDateTime)

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> Any:
        unsent, sent = text("sent_time IS NULL"), text("sent_time IS NOT NULL")
        return (
            Index(None, "create_time", sqlite_where=unsent, postgresql_where=unsent),
            Index(None, "sent_time", sqlite_where=sent, postgresql_where=sent),
        )


class InboxColumns(SQLModel):
    """An event that a consumer has applied, written in the transaction of its effect."""

    consumer: str = Field(primary_key=True, max_length=NAME_LENGTH)
    event_id: str = Field(primary_key=True, max_length=ID_LENGTH)
    create_time: datetime = Field(sa_type=UtcDateTime, index=True)


class StreamColumns(SQLModel):
    """The stream as a node of the broker last showed it, named `STREAM@NODE` (`STREAM` for a node without a name)."""

    name: str = Field(primary_key=True, max_length=NAME_LENGTH)
    created: str = Field(max_length=NAME_LENGTH)
    server: str = Field(max_length=NAME_LENGTH)


@dataclass(frozen=True, slots=True)
class EventTables:
    """The three tables of one service."""

    outbox: Table
    inbox: Table
    streams: Table

    @classmethod
    def of(cls, outbox: type[OutboxColumns], inbox: type[InboxColumns], streams: type[StreamColumns]) -> Self:
        """From the table models of a service."""
        return cls(core_table(outbox), core_table(inbox), core_table(streams))


def core_table(model: type[SQLModel]) -> Table:
    """The Core table behind a table model."""
    return model.metadata.tables[str(model.__tablename__)]
