"""What runs at a provider: one row per submission, counted over all replicas."""

from __future__ import annotations

from sqlalchemy import BigInteger, Connection, delete, func, literal, select
from sqlalchemy.dialects import postgresql, sqlite

from services.speech.store.submission_turns import now_us
from services.speech.store.tables import RUNNING_SUBMISSIONS, SUBMISSION_TURNS


class RunningSubmissionRepository:
    """The rows, within one transaction. A row whose holder has died goes when its lease is over."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._is_postgresql = connection.dialect.name == "postgresql"

    def enter(self, name: str, holder: str, *, most: int, lease_us: int) -> bool:
        """Adds a submission unless there are as many as there may be; False then."""
        self._lock(name)
        running, now = RUNNING_SUBMISSIONS.c, now_us(is_postgresql=self._is_postgresql)
        self._connection.execute(delete(RUNNING_SUBMISSIONS).where(running.name == name, running.until_us < now))
        count = self._connection.execute(select(func.count()).where(running.name == name)).scalar_one()
        if count >= most:
            return False
        row = RUNNING_SUBMISSIONS.insert().values(name=name, holder=holder, until_us=now + lease_us)
        self._connection.execute(row)
        return True

    def leave(self, name: str, holder: str) -> None:
        """It has ended."""
        running = RUNNING_SUBMISSIONS.c
        self._connection.execute(delete(RUNNING_SUBMISSIONS).where(running.name == name, running.holder == holder))

    def _lock(self, name: str) -> None:
        """Writes nothing new; whoever else wants to count what runs waits for this transaction."""
        insert = postgresql.insert if self._is_postgresql else sqlite.insert
        first = insert(SUBMISSION_TURNS).values(name=name, free_at_us=literal(0, BigInteger))
        same = {"free_at_us": SUBMISSION_TURNS.c.free_at_us}
        self._connection.execute(first.on_conflict_do_update(index_elements=[SUBMISSION_TURNS.c.name], set_=same))
