"""Which requests have been done, and with which input."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from kit.db.lean import LeanQuery
from kit.db.lean_write import LeanWrite, insert_if_absent
from services.billing.store.tables import IDEMPOTENCY

_BY_KEY = LeanQuery(
    select(IDEMPOTENCY.c.input_hash, IDEMPOTENCY.c.entry_id).where(
        IDEMPOTENCY.c.scope == bindparam("scope"), IDEMPOTENCY.c.request_id == bindparam("request_id")
    )
)
_ADD = LeanWrite(insert_if_absent(IDEMPOTENCY))


@dataclass(frozen=True, slots=True)
class DoneRequest:
    """A request that has been done and the entry it wrote."""

    input_hash: str
    entry_id: int


class IdempotencyRepository:
    """Requests that have been done, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, scope: str, request_id: str) -> DoneRequest | None:
        row = _BY_KEY.first(self._connection, scope=scope, request_id=request_id)
        return None if row is None else DoneRequest(*row)

    def add(self, scope: str, request_id: str, *, done: DoneRequest, now: datetime) -> bool:
        """False when the request has been done already."""
        added = _ADD.run(
            self._connection,
            scope=scope,
            request_id=request_id,
            input_hash=done.input_hash,
            entry_id=done.entry_id,
            create_time=now,
        )
        return added == 1
