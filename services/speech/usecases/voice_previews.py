"""Files in which a voice introduces itself, made when somebody first asks."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import MappingProxyType

from kit.errors import Unavailable
from services.speech.domain.synthesis import check_voice
from services.speech.engines.base import Language, SpeechSynthesizer, SynthesisRequest
from services.speech.engines.errors import SynthesisError
from services.speech.peers.files import AudioFiles
from services.speech.usecases.engines import SynthesisEngine
from voxreel.common.v1 import error_reason_pb2 as reasons

SENTENCES: Mapping[Language, str] = MappingProxyType(
    {
        Language.CHINESE: "你好，这是我的声音。希望你喜欢，期待为你的作品配音。",
        Language.ENGLISH: "Hello, this is my voice. I look forward to speaking for you.",
    }
)
# Within the time of the call, with room for storing.
_TIMEOUT_S = 45.0


class VoicePreviews:
    """Makes each preview once. One at a time, so that they never keep paid work from more than one worker."""

    def __init__(self, synthesizer: SpeechSynthesizer, engine: SynthesisEngine, files: AudioFiles) -> None:
        self._synthesizer = synthesizer
        self._engine = engine
        self._files = files
        self._turn = asyncio.Lock()

    async def prepare(self, voice: str) -> str:
        """The id of the voice's preview, which is there when this returns.

        Raises Invalid (VOICE_UNKNOWN), Unavailable (ENGINE_UNAVAILABLE), and what files raises.
        """
        check_voice(voice, self._engine.voice_ids)
        file_id = f"voice_preview_{voice}"
        async with self._turn:
            if not await self._files.has_cached(file_id):
                self._engine.check_usable()
                await self._files.cache(file_id, await self._speak(voice, file_id))
        return f"{file_id}.wav"

    async def _speak(self, voice: str, file_id: str) -> bytes:
        (language,) = (known.language for known in self._engine.voices if known.voice_id == voice)
        request = SynthesisRequest(text=SENTENCES[language], voice=voice, content_id=file_id)
        try:
            return (await self._synthesizer.synthesize(request, timeout_s=_TIMEOUT_S)).data
        except (SynthesisError, TimeoutError):
            raise Unavailable(reasons.ERROR_REASON_ENGINE_UNAVAILABLE, "语音合成引擎暂不可用，请稍后重试") from None
