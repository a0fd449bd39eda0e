"""The history of dubbing: written with the success of a synthesis, read and deleted by its user."""

from __future__ import annotations

from collections.abc import Sequence

from kit.db.uow import Units
from services.speech.domain.history import Dubbing, NewDubbing, dubbing_not_found
from services.speech.domain.speakers import TemplateChoice
from services.speech.store.uow import SpeechUnit


def add_dubbing(unit: SpeechUnit, new: NewDubbing) -> int:
    """Writes a finished piece and counts the use of its voice; answers its id.

    For the unit of work in which the piece's task succeeds (`Done.publish`): only that makes each piece count once.
    """
    if isinstance(new.voice, TemplateChoice):
        unit.template_uses.count(new.voice.template_id)
    return unit.dubbings.add(new)


class DubbingHistory:
    """What each user has had dubbed."""

    def __init__(self, units: Units[SpeechUnit]) -> None:
        self._units = units

    async def page(self, user_id: int, *, size: int, skip: int) -> tuple[Sequence[Dubbing], int]:
        """The user's pieces, newest first, and how many there are in all."""
        return await self._units.read(lambda unit: unit.dubbings.page(user_id, size=size, skip=skip))

    async def get(self, user_id: int, dubbing_id: int) -> Dubbing:
        """Raises NotFound, also for another user's."""
        return _found(await self._units.read(lambda unit: unit.dubbings.find(user_id, dubbing_id)))

    async def of_task(self, user_id: int, task_id: str) -> Dubbing:
        """What a task made. Raises NotFound."""
        return _found(await self._units.read(lambda unit: unit.dubbings.find_of_task(user_id, task_id)))

    async def delete(self, user_id: int, dubbing_id: int) -> None:
        """Forgets a piece; its file is not touched. Raises NotFound."""
        if not await self._units.write(lambda unit: unit.dubbings.delete(user_id, dubbing_id)):
            raise dubbing_not_found()


def _found(dubbing: Dubbing | None) -> Dubbing:
    if dubbing is None:
        raise dubbing_not_found()
    return dubbing
