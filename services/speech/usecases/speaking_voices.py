"""Which voice a synthesis means: a preset one, or one that was cloned."""

from __future__ import annotations

from dataclasses import dataclass

from kit.db.uow import Units
from services.speech.domain.synthesis import voice_unknown
from services.speech.domain.voices import ClonedVoice
from services.speech.engines.base import Language
from services.speech.store.uow import SpeechUnit
from services.speech.usecases.engines import SynthesisEngine
from services.speech.usecases.style_packs import StylePacks


@dataclass(frozen=True, slots=True)
class SpeakingVoice:
    """`name` is what the engine is told; `version` changes with what is heard."""

    name: str
    language: Language
    version: str


class SpeakingVoices:
    """Finds voices for the selected engine."""

    def __init__(self, units: Units[SpeechUnit], engine: SynthesisEngine, packs: StylePacks) -> None:
        self._units = units
        self._engine = engine
        self._packs = packs

    async def may_speak(self, user_id: int, voice: str, *, is_admin: bool) -> bool:
        """Whether the user can have a text spoken by the voice."""
        if voice in self._engine.voice_ids:
            return True
        cloned = await self._find(voice)
        if cloned is None or not cloned.is_visible_to(user_id, is_admin=is_admin):
            return False
        return self._engine.learnt_voice(cloned.engine_voice) is not None

    async def prepare(self, voice: str) -> SpeakingVoice:
        """The voice, ready on this machine. For work that outlives its call: whose voice it is was asked before.

        Raises Invalid (VOICE_UNKNOWN), Precondition (VOICE_LOST), and what files raises.
        """
        preset = next((each for each in self._engine.voices if each.voice_id == voice), None)
        if preset is not None:
            return SpeakingVoice(voice, preset.language, self._engine.version_of(voice))
        cloned = await self._find(voice)
        learnt = None if cloned is None else self._engine.learnt_voice(cloned.engine_voice)
        if cloned is None or learnt is None:
            raise voice_unknown(voice)
        await self._packs.ensure(cloned.engine_voice, cloned.pack_file_id)
        return SpeakingVoice(cloned.engine_voice, learnt.language, cloned.preview_version)

    async def _find(self, voice: str) -> ClonedVoice | None:
        return await self._units.read(lambda unit: unit.voices.find(voice))
