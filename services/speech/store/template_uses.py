"""How often the voices of the catalogue were used."""

from __future__ import annotations

from sqlalchemy import Connection, Insert, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from kit.db.lean import LeanQuery
from kit.db.lean_write import LeanWrite
from services.speech.store.tables import TEMPLATE_USES

# The catalogue is small, and so is this table.
_ALL = LeanQuery(select(TEMPLATE_USES.c.template_id, TEMPLATE_USES.c.use_count))


def _count_statement(dialect: str) -> Insert:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    first = insert(TEMPLATE_USES).values(template_id=bindparam("template_id"), use_count=bindparam("use_count"))
    return first.on_conflict_do_update(
        index_elements=[TEMPLATE_USES.c.template_id],
        set_={"use_count": TEMPLATE_USES.c.use_count + first.excluded.use_count},
    )


_COUNT = LeanWrite(_count_statement)


class TemplateUseRepository:
    """The counts, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def count(self, template_id: int) -> None:
        """One use more."""
        _COUNT.run(self._connection, template_id=template_id, use_count=1)

    def all(self) -> dict[int, int]:
        """Uses by template; those never used are missing."""
        return dict(_ALL.all(self._connection))
