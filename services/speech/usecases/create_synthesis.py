"""How a synthesis is accepted."""

from __future__ import annotations

from kit.ids import IdSource
from kit.rpc.context import Principal
from kit.tasks.acceptance import Price, TaskAcceptance
from kit.tasks.model import NewTask, Task, TaskKind
from services.speech.domain.synthesis import Synthesis, voice_unknown
from services.speech.usecases.engines import SynthesisEngine
from services.speech.usecases.speaking_voices import SpeakingVoices

PRICE = Price("tts", "语音合成")


class CreateSynthesis:
    """Accepts syntheses."""

    def __init__(
        self, acceptance: TaskAcceptance, engine: SynthesisEngine, voices: SpeakingVoices, *, ids: IdSource
    ) -> None:
        self._acceptance = acceptance
        self._engine = engine
        self._voices = voices
        self._ids = ids

    async def create(self, user: Principal, request_id: str, synthesis: Synthesis) -> Task:
        """The queued task of this request, the same one however often it is repeated.

        Raises what `TaskAcceptance.accept` raises, Invalid (VOICE_UNKNOWN), Unavailable (ENGINE_UNAVAILABLE).
        """
        may_speak = await self._voices.may_speak(user.user_id, synthesis.voice, is_admin=user.is_admin)

        def check() -> None:
            self._engine.check_usable()
            if not may_speak:
                raise voice_unknown(synthesis.voice)

        new = NewTask(
            id=self._ids.random("tts_"),
            kind=TaskKind.TTS,
            user_id=user.user_id,
            request_id=request_id,
            input_hash=synthesis.digest(),
            input=synthesis.to_input(),
        )
        return await self._acceptance.accept(new, PRICE, check=check)
