"""Recordings whose manner of speaking is to be taken over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import Insert

from kit.db.lean import LeanQuery
from kit.db.lean_write import LeanWrite
from services.speech.domain.emotion_references import EmotionReference
from services.speech.emotion.delivery import Delivery
from services.speech.store.tables import EMOTION_REFERENCES

_KEY = (EMOTION_REFERENCES.c.user_id, EMOTION_REFERENCES.c.md5)
_OF_OWNER = EMOTION_REFERENCES.c.user_id == bindparam("user_id")
# Not a lean query: psycopg's floats need the driver's own description of the result.
_ONE = select(
    *_KEY,
    EMOTION_REFERENCES.c.extension,
    EMOTION_REFERENCES.c.file_id,
    EMOTION_REFERENCES.c.size_bytes,
    EMOTION_REFERENCES.c.create_time,
    EMOTION_REFERENCES.c.median_hz,
    EMOTION_REFERENCES.c.range_semitones,
    EMOTION_REFERENCES.c.level_db,
    EMOTION_REFERENCES.c.syllables_per_s,
).where(_OF_OWNER, EMOTION_REFERENCES.c.md5 == bindparam("md5"))
_NUMBER = LeanQuery(select(func.count()).select_from(EMOTION_REFERENCES).where(_OF_OWNER))


def _add_statement(dialect: str) -> Insert:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    values: dict[str, Any] = {column.name: bindparam(column.name) for column in EMOTION_REFERENCES.columns}
    return insert(EMOTION_REFERENCES).values(values).on_conflict_do_nothing(index_elements=list(_KEY))


_ADD = LeanWrite(_add_statement)


class EmotionReferenceRepository:
    """The recordings, within one transaction; a user sees their own."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, user_id: int, md5: str) -> EmotionReference | None:
        row = self._connection.execute(_ONE, {"user_id": user_id, "md5": md5}).first()
        return None if row is None else _from_row(row)

    def number(self, user_id: int) -> int:
        """How many the user has."""
        row = _NUMBER.first(self._connection, user_id=user_id)
        return row[0] if row else 0

    def add(self, new: EmotionReference) -> None:
        """Stores a recording, unless its user has it."""
        delivery = new.delivery
        _ADD.run(
            self._connection,
            user_id=new.user_id,
            md5=new.md5,
            extension=new.extension,
            file_id=new.file_id,
            size_bytes=new.size_bytes,
            create_time=new.create_time,
            median_hz=delivery.median_hz,
            range_semitones=delivery.range_semitones,
            level_db=delivery.level_db,
            syllables_per_s=delivery.syllables_per_s,
        )


def _from_row(row: Sequence[Any]) -> EmotionReference:
    user_id, md5, extension, file_id, size_bytes, create_time, *measured = row
    return EmotionReference(
        user_id=user_id,
        md5=md5,
        extension=extension,
        file_id=file_id,
        size_bytes=size_bytes,
        delivery=Delivery(*measured),
        create_time=create_time,
    )
