"""From the voice a client chose to the one an engine speaks with."""

from __future__ import annotations

from kit.db.uow import Units
from kit.errors import Precondition
from services.speech.catalogue.templates import find_template
from services.speech.domain.custom_voices import custom_voice_not_found, learnt_speaker, nearest_speaker
from services.speech.domain.speakers import CustomChoice, Speaker, TemplateChoice, VoiceChoice
from services.speech.domain.synthesis import check_voice
from services.speech.engines.base import Quality
from services.speech.store.uow import SpeechUnit
from services.speech.usecases.engines import SynthesisEngine
from services.speech.usecases.style_packs import StylePacks


class Speakers:
    """Resolves voices for synthesis."""

    def __init__(self, units: Units[SpeechUnit], engine: SynthesisEngine, packs: StylePacks) -> None:
        self._units = units
        self._engine = engine
        self._packs = packs

    async def resolve(self, user_id: int, choice: VoiceChoice) -> Speaker:
        """The speaker of a choice, for the user who chose.

        Raises NotFound (VOICE_TEMPLATE_NOT_FOUND; CUSTOM_VOICE_NOT_FOUND, also another user's), and Invalid
        (VOICE_UNKNOWN) when the selected engine lacks the template's voice.
        """
        match choice:
            case TemplateChoice(template_id):
                return self._of_template(template_id)
            case CustomChoice(custom_voice_id):
                return await self._of_custom_voice(user_id, custom_voice_id)

    async def prepare(self, user_id: int, choice: VoiceChoice) -> Speaker:
        """The same, ready on this machine: for work that outlives its call. Also raises what files raises.

        A learnt voice whose file is gone speaks as it did before it was learnt.
        """
        speaker = await self.resolve(user_id, choice)
        if speaker.pack_file_id is None or not isinstance(choice, CustomChoice):
            return speaker
        try:
            await self._packs.ensure(speaker.voice, speaker.pack_file_id)
        except Precondition:
            voice = await self._units.read(lambda unit: unit.custom_voices.find(user_id, choice.custom_voice_id))
            if voice is None:
                raise custom_voice_not_found() from None
            return nearest_speaker(voice, self._engine.voices)
        return speaker

    def _of_template(self, template_id: int) -> Speaker:
        template = find_template(template_id)
        check_voice(template.voice, self._engine.voice_ids)
        return Speaker(template.voice, template.prosody, Quality.NATIVE, None)

    async def _of_custom_voice(self, user_id: int, voice_id: int) -> Speaker:
        voice = await self._units.read(lambda unit: unit.custom_voices.find(user_id, voice_id))
        if voice is None:
            raise custom_voice_not_found()
        learnt = None if voice.engine_voice is None else self._engine.learnt_voice(voice.engine_voice)
        if voice.engine_voice is not None and learnt is not None:
            return learnt_speaker(voice, voice.engine_voice, learnt.quality)
        return nearest_speaker(voice, self._engine.voices)
