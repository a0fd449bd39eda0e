"""Voices from samples: how a clone is accepted and how it is done."""

from __future__ import annotations

from kit.clock import Clock
from kit.db.uow import Units
from kit.digests import input_digest
from kit.engines import EngineSlot, result_of
from kit.ids import IdSource
from kit.rpc.context import Principal
from kit.sources import SourceFile, SourceFiles, check_file_id, check_format, scratch_folder
from kit.tasks.acceptance import Price, TaskAcceptance
from kit.tasks.handlers import Done, Progress
from kit.tasks.model import NewTask, Task, TaskKind
from services.speech.domain.sources import AUDIO
from services.speech.domain.voices import (
    ClonedVoice,
    CloneOrder,
    checked_model,
    checked_prefix,
    voice_not_found,
)
from services.speech.engines.base import CloneRequest, VoiceCloner
from services.speech.store.uow import SpeechUnit

PRICE = Price("voice_clone", "音色克隆")
_FETCHING = "fetching"
_CLONING = "cloning"


class CreateClone:
    """Accepts clones of voices, new ones and new samples for old ones."""

    def __init__(
        self,
        units: Units[SpeechUnit],
        acceptance: TaskAcceptance,
        files: SourceFiles,
        slot: EngineSlot[VoiceCloner],
        *,
        ids: IdSource,
    ) -> None:
        self._units = units
        self._acceptance = acceptance
        self._files = files
        self._slot = slot
        self._ids = ids

    async def create(self, owner: Principal, request_id: str, *, file_id: str, prefix: str, target_model: str) -> Task:
        """The queued task of this request, the same one however often it is repeated.

        Raises what `TaskAcceptance.accept` raises, NotFound, Invalid (FILE_TYPE_UNSUPPORTED), Unavailable
        (ENGINE_UNAVAILABLE).
        """
        checked_prefix(prefix)
        checked_model(target_model)
        sample = await self._sample(file_id)
        order = CloneOrder(
            voice_id=self._ids.random("voice_"),
            account=owner.account,
            file_id=sample.id,
            extension=sample.extension,
            prefix=prefix,
            target_model=target_model,
            is_new=True,
        )
        wanted = {"clone": sample.id, "prefix": prefix, "target_model": target_model}
        new = self._task(owner, request_id, order, input_digest(wanted))
        return await self._acceptance.accept(new, PRICE, check=self._slot.require)

    async def update(self, admin: Principal, request_id: str, *, voice_id: str, file_id: str) -> Task:
        """The task that gives a voice a new sample; it costs nothing. Raises as `create`, and NotFound."""
        voice = await self._units.read(lambda unit: unit.voices.find(voice_id))
        if voice is None:
            raise voice_not_found(voice_id)
        sample = await self._sample(file_id)
        order = CloneOrder(
            voice_id=voice.id,
            account=admin.account,
            file_id=sample.id,
            extension=sample.extension,
            prefix=voice.prefix,
            target_model=voice.target_model,
            is_new=False,
        )
        wanted = {"update": sample.id, "voice_id": voice.id}
        new = self._task(admin, request_id, order, input_digest(wanted))
        return await self._acceptance.accept(new, None, check=self._slot.require)

    async def _sample(self, file_id: str) -> SourceFile:
        check_file_id(file_id, "file_id")
        sample = await self._files.find(file_id)
        check_format(sample, AUDIO)
        return sample

    def _task(self, owner: Principal, request_id: str, order: CloneOrder, input_hash: str) -> NewTask:
        return NewTask(
            id=self._ids.random("task_"),
            kind=TaskKind.VOICE_CLONE,
            user_id=owner.user_id,
            request_id=request_id,
            input_hash=input_hash,
            input=order.to_input(),
        )


class CloneHandler:
    """A `TaskHandler`. The voice appears with the task's success."""

    def __init__(self, slot: EngineSlot[VoiceCloner], files: SourceFiles, *, clock: Clock, timeout_s: float) -> None:
        self._slot = slot
        self._files = files
        self._clock = clock
        self._timeout_s = timeout_s

    async def __call__(self, task: Task, report: Progress) -> Done:
        """Fetches, learns, answers the task's output. Raises DomainError or RetryableError."""
        engine, order = self._slot.require(), CloneOrder.from_input(task.input)
        async with scratch_folder() as folder:
            await report(5, _FETCHING)
            sample = folder / f"sample.{order.extension}"
            await self._files.fetch(order.file_id, sample)
            await report(15, _CLONING)
            request = CloneRequest(sample, order.prefix, order.target_model)
            learnt = await result_of(engine.clone(request, timeout_s=self._timeout_s))
        now = self._clock.now()
        voice = ClonedVoice(
            id=order.voice_id,
            user_id=task.user_id,
            account=order.account,
            prefix=order.prefix,
            engine=engine.name,
            target_model=learnt.target_model,
            engine_voice=learnt.engine_voice,
            sample_file_id=order.file_id,
            is_public=False,
            create_time=now,
            update_time=now,
        )
        output = {
            "voice_id": voice.id,
            "target_model": voice.target_model,
            "engine": voice.engine,
            "quality": learnt.quality.value,
        }

        def publish(unit: SpeechUnit) -> None:
            if order.is_new:
                unit.voices.add(voice)
            else:
                _renew(unit, voice, operator_user_id=task.user_id)

        return Done(output, publish)


def _renew(unit: SpeechUnit, voice: ClonedVoice, *, operator_user_id: int) -> None:
    former = unit.voices.find(voice.id)
    # One that was deleted meanwhile stays so.
    if former is not None and unit.voices.renew(voice):
        unit.outbox.add(unit.voice_events.renewed(former, voice, operator_user_id=operator_user_id))
