"""How a synthesis is accepted: recorded, paid for, queued.

Three steps with a state between them. Whatever stops the second or third leaves a NEW task, which a repetition of
the request continues and the sweeper ends otherwise; either way its credits are settled by the task's end.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from kit.db.uow import Units
from kit.errors import (
    Conflict,
    DeadlineExceeded,
    DomainError,
    Internal,
    Invalid,
    RateLimited,
    Unavailable,
)
from kit.ids import IdSource
from kit.tasks.model import NewTask, Task, TaskKind, TaskState
from services.speech.domain.synthesis import Synthesis, check_voice
from services.speech.peers.billing import CreditHolds
from services.speech.store.uow import SpeechUnit
from services.speech.usecases.engines import SynthesisEngine
from voxreel.common.v1 import error_reason_pb2 as reasons

FEATURE_KEY = "tts"
_DESCRIPTION = "语音合成"
_MAX_REQUEST_ID_CHARACTERS = 128
_QUEUE_RETRY_S = 10.0

# Billing may not have answered, or may have held the credits all the same: a repetition finds out.
_UNDECIDED = (Conflict, DeadlineExceeded, Internal, RateLimited, Unavailable)


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """The most unfinished tasks of one user and of all users."""

    per_user: int
    in_all: int


class CreateSynthesis:
    """Accepts syntheses."""

    def __init__(
        self,
        units: Units[SpeechUnit],
        holds: CreditHolds,
        engine: SynthesisEngine,
        *,
        ids: IdSource,
        limits: QueueLimits,
    ) -> None:
        self._units = units
        self._holds = holds
        self._engine = engine
        self._ids = ids
        self._limits = limits

    async def create(self, user_id: int, request_id: str, synthesis: Synthesis) -> Task:
        """The queued task of this request, the same one however often it is repeated.

        A request that was refused before it was accepted may be repeated under its id as a new one. Raises Invalid
        (VOICE_UNKNOWN, IDEMPOTENCY_KEY_REUSED), InsufficientCredits, RateLimited (QUEUE_FULL), Unavailable
        (ENGINE_UNAVAILABLE), and what billing raises.
        """
        if not (0 < len(request_id) <= _MAX_REQUEST_ID_CHARACTERS and request_id.isprintable()):
            raise Invalid(reasons.ERROR_REASON_FIELD_INVALID, "请求编号无效")
        new = NewTask(
            id=self._ids.random("tts_"),
            kind=TaskKind.TTS,
            user_id=user_id,
            request_id=request_id,
            input_hash=synthesis.digest(),
            input=synthesis.to_input(),
        )
        task = await self._units.write(lambda unit: self._record(unit, new, synthesis.voice))
        return await self._accept(task) if task.state is TaskState.NEW else task

    def _record(self, unit: SpeechUnit, new: NewTask, voice: str) -> Task:
        known = unit.tasks.find_by_request(new.user_id, new.request_id)
        if known is not None and not _was_refused(known):
            return unit.tasks.create(new)  # answers the known task, or refuses another input
        self._engine.check_usable()
        check_voice(voice, self._engine.voice_ids)
        self._check_queue(unit, new.user_id)
        if known is not None:
            unit.unfinished.free_request_id(known.id)
        return unit.tasks.create(new)

    def _check_queue(self, unit: SpeechUnit, user_id: int) -> None:
        if unit.unfinished.size_of(user_id) >= self._limits.per_user:
            message = f"您有 {self._limits.per_user} 个任务尚未完成，请稍后再提交"
        elif unit.unfinished.size() >= self._limits.in_all:
            message = "系统任务已满，请稍后再提交"
        else:
            return
        raise RateLimited(reasons.ERROR_REASON_QUEUE_FULL, message, retry_after_s=_QUEUE_RETRY_S)

    async def _accept(self, task: Task) -> Task:
        try:
            hold = await self._holds.reserve(task.id, task.user_id, FEATURE_KEY, description=_DESCRIPTION)
        except _UNDECIDED:
            raise
        except DomainError as error:
            reason, message = error.reason, error.message
            # Somebody repeating the request at the same time may have ended it for the same cause.
            with suppress(Conflict):
                await self._units.write(lambda unit: unit.tasks.fail(task.id, reason, message))
            raise
        return await self._units.write(lambda unit: unit.tasks.queue(task.id, hold_id=hold.id, credits=hold.credits))


def _was_refused(task: Task) -> bool:
    """Whether the task ended before its credits were held, so that nothing came of its request."""
    return task.state is TaskState.FAILED and not task.hold_id
