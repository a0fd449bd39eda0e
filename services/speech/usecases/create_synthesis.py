"""How a synthesis is accepted."""

from __future__ import annotations

from kit.ids import IdSource
from kit.tasks.acceptance import Price, TaskAcceptance
from kit.tasks.model import NewTask, Task, TaskKind
from services.speech.domain.synthesis import Synthesis, check_voice
from services.speech.usecases.engines import SynthesisEngine

PRICE = Price("tts", "语音合成")


class CreateSynthesis:
    """Accepts syntheses."""

    def __init__(self, acceptance: TaskAcceptance, engine: SynthesisEngine, *, ids: IdSource) -> None:
        self._acceptance = acceptance
        self._engine = engine
        self._ids = ids

    async def create(self, user_id: int, request_id: str, synthesis: Synthesis) -> Task:
        """The queued task of this request, the same one however often it is repeated.

        Raises what `TaskAcceptance.accept` raises, Invalid (VOICE_UNKNOWN), Unavailable (ENGINE_UNAVAILABLE).
        """
        new = NewTask(
            id=self._ids.random("tts_"),
            kind=TaskKind.TTS,
            user_id=user_id,
            request_id=request_id,
            input_hash=synthesis.digest(),
            input=synthesis.to_input(),
        )
        return await self._acceptance.accept(new, PRICE, check=lambda: self._check(synthesis))

    def _check(self, synthesis: Synthesis) -> None:
        self._engine.check_usable()
        check_voice(synthesis.voice, self._engine.voice_ids)
