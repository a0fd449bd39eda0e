"""Material lists in the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, select

from kit.db.any_of import AnyOf
from kit.db.lean import LeanQuery
from kit.db.lean_write import LeanWrite, insert_if_absent
from services.auth.domain.materials import MaterialKind, Materials
from services.auth.store.tables import MATERIALS

MATERIAL_LISTS = (
    select(MATERIALS.c.user_id, MATERIALS.c.kind, MATERIALS.c.item_id)
    .where(AnyOf(MATERIALS.c.user_id, "user_ids"))
    .order_by(MATERIALS.c.id)
)
_LISTS = LeanQuery(MATERIAL_LISTS)
_ADD = LeanWrite(insert_if_absent(MATERIALS))
_COUNT = LeanQuery(
    select(func.count())
    .select_from(MATERIALS)
    .where(MATERIALS.c.user_id == bindparam("user_id"), MATERIALS.c.kind == bindparam("kind"))
)


def lists_from_rows(rows: Sequence[Sequence[object]]) -> dict[int, Materials]:
    """Material lists by user, from the rows of MATERIAL_LISTS."""
    found: defaultdict[int, defaultdict[MaterialKind, list[str]]] = defaultdict(lambda: defaultdict(list))
    for user_id, kind, item_id in rows:
        assert isinstance(user_id, int)
        found[user_id][MaterialKind(str(kind))].append(str(item_id))
    return {user_id: {kind: tuple(ids) for kind, ids in lists.items()} for user_id, lists in found.items()}


class MaterialRepository:
    """Material lists, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def lists(self, user_ids: Sequence[int]) -> dict[int, Materials]:
        """The lists of the users who keep anything."""
        return lists_from_rows(_LISTS.all(self._connection, user_ids=user_ids))

    def count(self, user_id: int, kind: MaterialKind) -> int:
        """The length of one list."""
        row = _COUNT.first(self._connection, user_id=user_id, kind=kind.value)
        assert row is not None
        return int(row[0])

    def add(self, user_id: int, kind: MaterialKind, *, item_id: str, now: datetime) -> bool:
        """Adds the id behind the others; False when it is there already."""
        row = {"user_id": user_id, "kind": kind.value, "item_id": item_id, "create_time": now}
        return _ADD.run(self._connection, **row) == 1

    def remove(self, user_id: int, kind: MaterialKind, *, item_id: str) -> bool:
        """Removes the id; False when it is not there."""
        statement = delete(MATERIALS).where(
            MATERIALS.c.user_id == user_id, MATERIALS.c.kind == kind.value, MATERIALS.c.item_id == item_id
        )
        return self._connection.execute(statement).rowcount == 1

    def delete_of_user(self, user_id: int) -> None:
        self._connection.execute(delete(MATERIALS).where(MATERIALS.c.user_id == user_id))
