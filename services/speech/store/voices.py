"""Cloned voices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, delete, func, or_, select, true, update

from services.speech.domain.voices import ClonedVoice
from services.speech.store.tables import VOICES

_COLUMNS = [VOICES.c[field.name] for field in fields(ClonedVoice)]
# What a voice keeps when it is made anew.
_LASTING = frozenset({"id", "user_id", "account", "prefix", "is_public", "create_time"})


class VoiceRepository:
    """The voices of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, voice_id: str) -> ClonedVoice | None:
        """The voice, None when there is none."""
        # PostgreSQL's text cannot hold it, and its driver would raise.
        if "\x00" in voice_id:
            return None
        row = self._connection.execute(select(*_COLUMNS).where(VOICES.c.id == voice_id)).first()
        return None if row is None else ClonedVoice(*row)

    def add(self, voice: ClonedVoice) -> None:
        """Stores a new voice."""
        self._connection.execute(VOICES.insert().values(asdict(voice)))

    def renew(self, voice: ClonedVoice) -> bool:
        """What a voice has learnt anew; it keeps its owner and its age. False when it was deleted."""
        changes = {name: value for name, value in asdict(voice).items() if name not in _LASTING}
        return self._connection.execute(update(VOICES).where(VOICES.c.id == voice.id).values(changes)).rowcount > 0

    def delete(self, voice_id: str) -> bool:
        """Removes a voice; False when there is none."""
        return self._connection.execute(delete(VOICES).where(VOICES.c.id == voice_id)).rowcount > 0

    def visible(
        self, user_id: int | None, *, is_admin: bool, prefix: str, limit: int
    ) -> tuple[Sequence[ClonedVoice], int]:
        """Voices the viewer may see, newest first, and how many there are in all. None is anybody."""
        conditions = (_is_visible(user_id, is_admin=is_admin), _begins_with(prefix))
        number = select(func.count()).select_from(VOICES).where(*conditions)
        newest: Select[Any] = select(*_COLUMNS).where(*conditions)
        newest = newest.order_by(VOICES.c.create_time.desc(), VOICES.c.id.desc()).limit(limit)
        found = [ClonedVoice(*row) for row in self._connection.execute(newest)]
        return found, self._connection.execute(number).scalar_one()


def _is_visible(user_id: int | None, *, is_admin: bool) -> ColumnElement[bool]:
    if is_admin:
        return true()
    is_public = VOICES.c.is_public.is_(True)
    return is_public if user_id is None else or_(is_public, VOICES.c.user_id == user_id)


def _begins_with(prefix: str) -> ColumnElement[bool]:
    if not prefix:
        return true()
    return or_(
        VOICES.c.prefix.startswith(prefix, autoescape=True),
        VOICES.c.id.startswith(prefix, autoescape=True),
    )
