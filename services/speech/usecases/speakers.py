"""From the voice a client chose to the one an engine speaks with."""

from __future__ import annotations

from kit.db.uow import Units
from services.speech.catalogue.templates import find_template
from services.speech.domain.custom_voices import custom_voice_not_found, nearest_speaker
from services.speech.domain.speakers import CustomChoice, Speaker, TemplateChoice, VoiceChoice
from services.speech.domain.synthesis import check_voice
from services.speech.engines.base import Quality
from services.speech.store.uow import SpeechUnit
from services.speech.usecases.engines import SynthesisEngine


class Speakers:
    """Resolves voices for synthesis."""

    def __init__(self, units: Units[SpeechUnit], engine: SynthesisEngine) -> None:
        self._units = units
        self._engine = engine

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

    def _of_template(self, template_id: int) -> Speaker:
        template = find_template(template_id)
        check_voice(template.voice, self._engine.voice_ids)
        return Speaker(template.voice, template.prosody, Quality.NATIVE, None)

    async def _of_custom_voice(self, user_id: int, voice_id: int) -> Speaker:
        voice = await self._units.read(lambda unit: unit.custom_voices.find(user_id, voice_id))
        if voice is None:
            raise custom_voice_not_found()
        return nearest_speaker(voice, self._engine.voices)
