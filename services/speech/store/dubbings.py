"""The history of dubbing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select

from kit.db.lean import LeanQuery
from services.speech.domain.history import Dubbing, EmotionControl, NewDubbing
from services.speech.domain.speakers import CustomChoice, TemplateChoice, VoiceChoice
from services.speech.store.tables import DUBBINGS

_ALL = select(
    DUBBINGS.c.id,
    DUBBINGS.c.template_id,
    DUBBINGS.c.custom_voice_id,
    DUBBINGS.c.emotion_control,
    DUBBINGS.c.task_id,
    DUBBINGS.c.user_id,
    DUBBINGS.c.text,
    DUBBINGS.c.file_id,
    DUBBINGS.c.size_bytes,
    DUBBINGS.c.duration_ms,
    DUBBINGS.c.credits_used,
    DUBBINGS.c.create_time,
)
_IS_OWN = DUBBINGS.c.user_id == bindparam("user_id")
_BY_ID = LeanQuery(_ALL.where(DUBBINGS.c.id == bindparam("dubbing_id"), _IS_OWN))
_BY_TASK = LeanQuery(_ALL.where(DUBBINGS.c.task_id == bindparam("task_id"), _IS_OWN))
_NUMBER = LeanQuery(select(func.count()).select_from(DUBBINGS).where(_IS_OWN))
_PAGE = LeanQuery(
    _ALL.where(_IS_OWN)
    .order_by(DUBBINGS.c.create_time.desc(), DUBBINGS.c.id.desc())
    .offset(bindparam("skip"))
    .limit(bindparam("size"))
)


class DubbingRepository:
    """Finished pieces, within one transaction; a user sees their own."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, new: NewDubbing) -> int:
        """Stores a piece; answers its id."""
        template_id, custom_voice_id = _columns_of(new.voice)
        written = DUBBINGS.insert().values(
            task_id=new.task_id,
            user_id=new.user_id,
            text=new.text,
            template_id=template_id,
            custom_voice_id=custom_voice_id,
            emotion_control=new.emotion_control.value,
            file_id=new.file_id,
            size_bytes=new.size_bytes,
            duration_ms=new.duration_ms,
            credits_used=new.credits_used,
            create_time=new.create_time,
        )
        dubbing_id: int = self._connection.execute(written.returning(DUBBINGS.c.id)).scalar_one()
        return dubbing_id

    def find(self, user_id: int, dubbing_id: int) -> Dubbing | None:
        return _dubbing_of(_BY_ID.first(self._connection, user_id=user_id, dubbing_id=dubbing_id))

    def find_of_task(self, user_id: int, task_id: str) -> Dubbing | None:
        """What a task made, None when it made nothing or that was deleted."""
        return _dubbing_of(_BY_TASK.first(self._connection, user_id=user_id, task_id=task_id))

    def delete(self, user_id: int, dubbing_id: int) -> bool:
        """False when there is none."""
        own = delete(DUBBINGS).where(DUBBINGS.c.id == dubbing_id, DUBBINGS.c.user_id == user_id)
        return self._connection.execute(own).rowcount > 0

    def page(self, user_id: int, *, size: int, skip: int) -> tuple[Sequence[Dubbing], int]:
        """A user's pieces, newest first, and how many there are in all."""
        number = _NUMBER.first(self._connection, user_id=user_id)
        rows = _PAGE.all(self._connection, user_id=user_id, size=size, skip=skip)
        return [_from_row(row) for row in rows], number[0] if number else 0


def _columns_of(voice: VoiceChoice) -> tuple[int | None, int | None]:
    match voice:
        case TemplateChoice(template_id):
            return template_id, None
        case CustomChoice(custom_voice_id):
            return None, custom_voice_id


def _dubbing_of(row: tuple[Any, ...] | None) -> Dubbing | None:
    return None if row is None else _from_row(row)


def _from_row(row: tuple[Any, ...]) -> Dubbing:
    dubbing_id, template_id, custom_voice_id, emotion_control, task_id, user_id, text, *rest = row
    file_id, size_bytes, duration_ms, credits_used, create_time = rest
    return Dubbing(
        id=dubbing_id,
        task_id=task_id,
        user_id=user_id,
        text=text,
        voice=CustomChoice(custom_voice_id) if template_id is None else TemplateChoice(template_id),
        emotion_control=EmotionControl(emotion_control),
        file_id=file_id,
        size_bytes=size_bytes,
        duration_ms=duration_ms,
        credits_used=credits_used,
        create_time=create_time,
    )
