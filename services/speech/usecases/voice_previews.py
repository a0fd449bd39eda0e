"""Recordings in which a voice introduces itself, made when somebody first asks."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from kit.errors import Unavailable
from services.speech.catalogue.samples import TemplateFile, sample_request
from services.speech.domain.synthesis import check_voice, voice_unknown
from services.speech.engines.base import Language, SpeechSynthesizer, SynthesisRequest
from services.speech.engines.errors import SynthesisError
from services.speech.usecases.engines import SynthesisEngine
from services.speech.usecases.shared_files import SharedFiles
from services.speech.usecases.speaking_voices import SpeakingVoices
from voxreel.common.v1 import error_reason_pb2 as reasons

SENTENCES: Mapping[Language, str] = MappingProxyType(
    {
        Language.CHINESE: "你好，这是我的声音。希望你喜欢，期待为你的作品配音。",
        Language.ENGLISH: "Hello, this is my voice. I look forward to speaking for you.",
    }
)
_EXTENSION = "wav"
# Within the time of the call, with room for storing.
_TIMEOUT_S = 45.0


class VoicePreviews:
    """Makes the previews of preset voices and the samples of templates."""

    def __init__(
        self, synthesizer: SpeechSynthesizer, engine: SynthesisEngine, files: SharedFiles, *, voices: SpeakingVoices
    ) -> None:
        self._synthesizer = synthesizer
        self._engine = engine
        self._voices = voices
        self._files = files

    async def prepare(self, voice: str) -> str:
        """The id of the voice's preview, which is there when this returns. The voice may come with its version.

        The id has the version of now, so that nobody hears the voice as another engine or sample made it.

        Raises Invalid (VOICE_UNKNOWN), Precondition (VOICE_LOST), Unavailable (ENGINE_UNAVAILABLE), and what files
        raises.
        """
        name, _dash, version = voice.partition("-")
        speaking = await self._voices.prepare(name)
        if version not in ("", speaking.version):
            raise voice_unknown(voice)
        file_id = f"voice_preview_{name}-{speaking.version}"
        request = SynthesisRequest(text=SENTENCES[speaking.language], voice=speaking.name, content_id=file_id)
        return await self._files.prepare(file_id, _EXTENSION, partial(self._speak, request))

    async def prepare_sample(self, file: TemplateFile) -> str:
        """The same for the sample of a template."""
        check_voice(file.template.voice, self._engine.voice_ids)
        speak = partial(self._speak, sample_request(file.template))
        return await self._files.prepare(file.bare_id, file.kind.value, speak)

    async def _speak(self, request: SynthesisRequest) -> bytes:
        self._engine.check_usable()
        try:
            return (await self._synthesizer.synthesize(request, timeout_s=_TIMEOUT_S)).data
        except (SynthesisError, TimeoutError):
            raise Unavailable(reasons.ERROR_REASON_ENGINE_UNAVAILABLE, "语音合成引擎暂不可用，请稍后重试") from None
