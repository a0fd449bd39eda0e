"""Voices from samples: how a clone is accepted and how it is done."""

from __future__ import annotations

from collections.abc import Callable

from kit.clock import Clock
from kit.db.uow import Units
from kit.digests import input_digest
from kit.engines import EngineSlot, result_of
from kit.ids import IdSource
from kit.rpc.context import Principal
from kit.sources import extension_of, scratch_folder
from kit.tasks.acceptance import Price, TaskAcceptance
from kit.tasks.handlers import Done, Progress
from kit.tasks.model import NewTask, Task, TaskKind
from kit.tasks.progress import Share, Tell, reporting
from services.speech.domain.custom_voices import CustomVoice
from services.speech.domain.voices import (
    ClonedVoice,
    CloneOrder,
    checked_model,
    checked_prefix,
    voice_not_found,
)
from services.speech.engines.base import CloneRequest, VoiceClone, VoiceCloner
from services.speech.store.uow import SpeechUnit
from services.speech.usecases.samples import Samples
from services.speech.usecases.style_packs import StylePacks

PRICE = Price("voice_clone", "音色克隆")
_FETCHING = "fetching"
_CLONING = Share("cloning", 15, 95)


class CreateClone:
    """Accepts clones of voices, new ones and new samples for old ones."""

    def __init__(
        self,
        units: Units[SpeechUnit],
        acceptance: TaskAcceptance,
        samples: Samples,
        slot: EngineSlot[VoiceCloner],
        *,
        ids: IdSource,
    ) -> None:
        self._units = units
        self._acceptance = acceptance
        self._samples = samples
        self._slot = slot
        self._ids = ids

    async def create(
        self, owner: Principal, request_id: str, *, file_id: str, audio_url: str, prefix: str, target_model: str
    ) -> Task:
        """The queued task of this request, the same one however often it is repeated.

        Raises what `TaskAcceptance.accept` raises, NotFound, Invalid (FILE_TYPE_UNSUPPORTED, SAMPLE_UNREACHABLE),
        Unavailable (ENGINE_UNAVAILABLE).
        """
        checked_prefix(prefix)
        checked_model(target_model)
        sample = await self._samples.find(file_id, audio_url)
        order = CloneOrder(
            voice_id=self._ids.random("voice_"),
            account=owner.account,
            file_id=sample.file_id,
            extension=sample.extension,
            prefix=prefix,
            target_model=target_model,
            is_new=True,
            audio_url=sample.audio_url,
        )
        wanted = {"clone": sample.identity, "prefix": prefix, "target_model": target_model}
        new = self._task(owner, request_id, order, input_digest(wanted))
        return await self._acceptance.accept(new, PRICE, check=self._slot.require)

    async def update(self, admin: Principal, request_id: str, *, voice_id: str, file_id: str, audio_url: str) -> Task:
        """The task that gives a voice a new sample; it costs nothing. Raises as `create`, and NotFound."""
        voice = await self._units.read(lambda unit: unit.voices.find(voice_id))
        if voice is None:
            raise voice_not_found(voice_id)
        sample = await self._samples.find(file_id, audio_url)
        order = CloneOrder(
            voice_id=voice.id,
            account=admin.account,
            file_id=sample.file_id,
            extension=sample.extension,
            prefix=voice.prefix,
            target_model=voice.target_model,
            is_new=False,
            audio_url=sample.audio_url,
        )
        wanted = {"update": sample.identity, "voice_id": voice.id}
        new = self._task(admin, request_id, order, input_digest(wanted))
        return await self._acceptance.accept(new, None, check=self._slot.require)

    async def learn_custom(self, owner: Principal, voice: CustomVoice) -> Task:
        """The task, the same one each time, that learns an uploaded voice of dubbing; it costs nothing.

        Raises what `TaskAcceptance.accept` raises, Unavailable (ENGINE_UNAVAILABLE).
        """
        name = f"custom_voice_{voice.id}"
        order = CloneOrder(
            voice_id=name,
            account=owner.account,
            file_id=voice.file_id,
            extension=extension_of(voice.file_id),
            prefix="",
            target_model="",
            is_new=False,
            custom_voice_id=voice.id,
        )
        new = self._task(owner, name, order, input_digest({"learn": voice.file_id, "voice_id": voice.id}))
        return await self._acceptance.accept(new, None, check=self._slot.require)

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

    def __init__(
        self, slot: EngineSlot[VoiceCloner], samples: Samples, packs: StylePacks, *, clock: Clock, timeout_s: float
    ) -> None:
        self._slot = slot
        self._samples = samples
        self._packs = packs
        self._clock = clock
        self._timeout_s = timeout_s

    async def __call__(self, task: Task, report: Progress) -> Done:
        """Fetches, learns, answers the task's output. Raises DomainError or RetryableError."""
        engine, order = self._slot.require(), CloneOrder.from_input(task.input)
        async with scratch_folder() as folder:
            await report(5, _FETCHING)
            sample = folder / (f"sample.{order.extension}" if order.extension else "sample")
            await self._samples.fetch(order.file_id, order.audio_url, sample)
            request = CloneRequest(sample, order.prefix, order.target_model)
            learnt = await reporting(lambda tell: self._learn(engine, request, tell), report, _CLONING)
        pack_file_id = await self._packs.keep(task.user_id, learnt)
        output = {
            "voice_id": order.voice_id,
            "target_model": learnt.target_model,
            "engine": engine.name,
            "quality": learnt.quality.value,
        }
        if order.custom_voice_id is not None:
            return Done(output, _learning(task.user_id, order.custom_voice_id, learnt, pack_file_id))
        voice = self._voice(task, order, learnt, engine=engine.name, pack_file_id=pack_file_id)

        def publish(unit: SpeechUnit) -> None:
            if order.is_new:
                unit.voices.add(voice)
            else:
                _renew(unit, voice, operator_user_id=task.user_id)

        return Done(output, publish)

    async def _learn(self, engine: VoiceCloner, request: CloneRequest, tell: Tell) -> VoiceClone:
        return await result_of(engine.clone(request, timeout_s=self._timeout_s, on_progress=tell))

    def _voice(
        self, task: Task, order: CloneOrder, learnt: VoiceClone, *, engine: str, pack_file_id: str | None
    ) -> ClonedVoice:
        now = self._clock.now()
        return ClonedVoice(
            id=order.voice_id,
            user_id=task.user_id,
            account=order.account,
            prefix=order.prefix,
            engine=engine,
            target_model=learnt.target_model,
            engine_voice=learnt.engine_voice,
            pack_file_id=pack_file_id,
            quality=learnt.quality.value,
            sample_file_id=order.file_id,
            is_public=False,
            create_time=now,
            update_time=now,
        )


def _learning(
    user_id: int, voice_id: int, learnt: VoiceClone, pack_file_id: str | None
) -> Callable[[SpeechUnit], None]:
    def publish(unit: SpeechUnit) -> None:
        unit.custom_voices.learn(user_id, voice_id, learnt.engine_voice, pack_file_id=pack_file_id)

    return publish


def _renew(unit: SpeechUnit, voice: ClonedVoice, *, operator_user_id: int) -> None:
    former = unit.voices.find(voice.id)
    # One that was deleted meanwhile stays so.
    if former is not None and unit.voices.renew(voice):
        unit.outbox.add(unit.voice_events.renewed(former, voice, operator_user_id=operator_user_id))
