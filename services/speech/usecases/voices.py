"""Cloned voices, read and deleted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from kit.clock import Clock
from kit.db.uow import Units
from kit.rpc.context import Principal
from services.speech.domain.voices import ClonedVoice, voice_not_found
from services.speech.store.uow import SpeechUnit


class ClonedVoices:
    """The voices of all users, each for who may see it."""

    def __init__(self, units: Units[SpeechUnit], clock: Clock) -> None:
        self._units = units
        self._clock = clock

    async def visible(self, viewer: Principal | None, *, prefix: str, limit: int) -> tuple[Sequence[ClonedVoice], int]:
        """Voices the viewer may see, newest first, and how many there are in all."""
        user_id, is_admin = _who(viewer)
        return await self._units.read(
            lambda unit: unit.voices.visible(user_id, is_admin=is_admin, prefix=prefix, limit=limit)
        )

    async def get(self, viewer: Principal | None, voice_id: str) -> ClonedVoice:
        """A voice. Raises NotFound, also when the viewer may not see it."""
        voice = await self._units.read(lambda unit: unit.voices.find(voice_id))
        user_id, is_admin = _who(viewer)
        if voice is None or not voice.is_visible_to(user_id, is_admin=is_admin):
            raise voice_not_found(voice_id)
        return voice

    async def delete(self, admin: Principal, voice_id: str) -> datetime:
        """Deletes a voice by an administrator's hand; answers when. Raises NotFound."""

        def work(unit: SpeechUnit) -> None:
            voice = unit.voices.find(voice_id)
            if voice is None or not unit.voices.delete(voice_id):
                raise voice_not_found(voice_id)
            unit.outbox.add(unit.voice_events.deleted(voice, operator_user_id=admin.user_id))

        await self._units.write(work)
        return self._clock.now()


def _who(viewer: Principal | None) -> tuple[int | None, bool]:
    return (None, False) if viewer is None else (viewer.user_id, viewer.is_admin)
