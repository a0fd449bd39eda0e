"""How much work is unfinished, and which request ids are free again."""

from __future__ import annotations

from sqlalchemy import Connection, func, select, text, update

from services.speech.store.tables import TASKS, UNFINISHED


class UnfinishedTasks:
    """The unfinished tasks as one transaction sees them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def size(self) -> int:
        """Unfinished tasks of all users."""
        return self._connection.execute(_COUNT).scalar_one()

    def size_of(self, user_id: int) -> int:
        """Unfinished tasks of one user."""
        return self._connection.execute(_COUNT.where(TASKS.c.user_id == user_id)).scalar_one()

    def free_request_id(self, task_id: str) -> None:
        """Lets the user's request id of this task name another one. The task's own id, unique too, takes its place."""
        self._connection.execute(update(TASKS).where(TASKS.c.id == task_id).values(request_id=task_id))


_COUNT = select(func.count()).select_from(TASKS).where(text(UNFINISHED))
