"""Voices that users uploaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Connection, bindparam, exists, func, select, update

from kit.db.lean import LeanQuery
from kit.db.lean_write import LeanWrite, insert_if_absent
from services.speech.domain.custom_voices import CustomVoice, NewCustomVoice
from services.speech.store.tables import CUSTOM_VOICES

_FIELDS = [field.name for field in fields(CustomVoice)]
_ALL = select(*(CUSTOM_VOICES.c[name] for name in _FIELDS))
_IS_OWN = CUSTOM_VOICES.c.user_id == bindparam("user_id")
_HAS_BYTES = CUSTOM_VOICES.c.sha256 == bindparam("sha256")
_BY_ID = LeanQuery(_ALL.where(CUSTOM_VOICES.c.id == bindparam("voice_id"), _IS_OWN))
_SAME = LeanQuery(_ALL.where(_IS_OWN, _HAS_BYTES, CUSTOM_VOICES.c.name == bindparam("name")))
_KNOWN = LeanQuery(select(exists().where(_IS_OWN, _HAS_BYTES)))
_NUMBER = LeanQuery(select(func.count()).select_from(CUSTOM_VOICES).where(_IS_OWN))
_NEWEST = LeanQuery(
    _ALL.where(_IS_OWN).order_by(CUSTOM_VOICES.c.create_time.desc(), CUSTOM_VOICES.c.id.desc()).limit(bindparam("size"))
)
_LEARN = LeanWrite(
    update(CUSTOM_VOICES)
    .where(CUSTOM_VOICES.c.id == bindparam("voice_id"), _IS_OWN)
    .values(engine_voice=bindparam("engine_voice"), pack_file_id=bindparam("pack_file_id"))
)
_ADD = LeanWrite(insert_if_absent(CUSTOM_VOICES))


class CustomVoiceRepository:
    """Custom voices, within one transaction; a user sees their own."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, new: NewCustomVoice) -> bool:
        """False when the user has these bytes under this name already."""
        return _ADD.run(self._connection, **asdict(new), engine_voice=None, pack_file_id=None) > 0

    def learn(self, user_id: int, voice_id: int, engine_voice: str, *, pack_file_id: str | None) -> None:
        """Notes what an engine has made of the voice."""
        _LEARN.run(
            self._connection, user_id=user_id, voice_id=voice_id, engine_voice=engine_voice, pack_file_id=pack_file_id
        )

    def find(self, user_id: int, voice_id: int) -> CustomVoice | None:
        return _voice_of(_BY_ID.first(self._connection, user_id=user_id, voice_id=voice_id))

    def find_same(self, user_id: int, sha256: str, name: str) -> CustomVoice | None:
        """The voice of these bytes that has this name."""
        return _voice_of(_SAME.first(self._connection, user_id=user_id, sha256=sha256, name=name))

    def has_sample(self, user_id: int, sha256: str) -> bool:
        """Whether any voice of the user is made of these bytes."""
        row = _KNOWN.first(self._connection, user_id=user_id, sha256=sha256)
        return row is not None and bool(row[0])

    def number(self, user_id: int) -> int:
        row = _NUMBER.first(self._connection, user_id=user_id)
        return row[0] if row else 0

    def newest(self, user_id: int, *, limit: int) -> Sequence[CustomVoice]:
        """The newest first."""
        return [CustomVoice(*row) for row in _NEWEST.all(self._connection, user_id=user_id, size=limit)]


def _voice_of(row: tuple[Any, ...] | None) -> CustomVoice | None:
    return None if row is None else CustomVoice(*row)
