"""Talking to an IndexTTS2 server.

The project has no server of its own; this is the interface of index-tts-vllm (`api_server_v2.py`), whose fields are
those of the dubbing contract: `POST /tts_url` with JSON, answered with WAV. Recordings are named by paths on the
server's disk. One request at a time: the model behind it cannot do two.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import aiohttp

from kit.engines import EngineBroken, InputRefused
from services.speech.domain.dubbing import EmotionMethod
from services.speech.engines.dubbing import DubbingRequest, ReferenceEmotion, SpeakerEmotion, VectorEmotion

_PATH = "/tts_url"
_LARGEST_REPLY_BYTES = 256 * 1024 * 1024
_BLOCK_BYTES = 256 * 1024
_REFUSALS = frozenset({400, 413, 422})


class IndexTtsClient:
    """One server. Redirects are not followed: the address is the operator's, and only theirs."""

    def __init__(self, base_url: str) -> None:
        self._url = base_url.rstrip("/") + _PATH
        self._session: aiohttp.ClientSession | None = None
        self._turn = asyncio.Lock()

    async def speak(self, fields: Mapping[str, object], *, timeout_s: float) -> bytes:
        """The WAV that the server makes; `timeout_s` includes the wait for its turn.

        Raises InputRefused and EngineBroken.
        """
        try:
            async with asyncio.timeout(timeout_s), self._turn:
                return await self._post(fields)
        except TimeoutError:
            raise EngineBroken(f"no answer of the IndexTTS server within {timeout_s:g} s") from None
        except aiohttp.ClientError as error:
            raise EngineBroken(f"the IndexTTS server cannot be used: {type(error).__name__}") from None

    async def aclose(self) -> None:
        """Closes the connections."""
        if self._session is not None:
            await self._session.close()

    async def _post(self, fields: Mapping[str, object]) -> bytes:
        if self._session is None:
            # The time limit is the caller's.
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None))
        async with self._session.post(self._url, json=fields, allow_redirects=False) as response:
            if response.status in _REFUSALS:
                raise InputRefused("语音合成引擎无法处理该请求")
            if response.status != 200:
                raise EngineBroken(f"the IndexTTS server answered {response.status}")
            audio = bytearray()
            async for block in response.content.iter_chunked(_BLOCK_BYTES):
                audio += block
                if len(audio) > _LARGEST_REPLY_BYTES:
                    raise EngineBroken("the IndexTTS server answers without end")
            return bytes(audio)


def fields_of(request: DubbingRequest, *, speaker_path: str, emotion_path: str | None) -> dict[str, object]:
    """The JSON of one request; paths are those of the server.

    Bias and sum of a vector are applied here, since the server's own pages do that and not its interface; so is the
    weight, which would otherwise count twice. A text is the server's to read: it has a language model for it.
    """
    fields: dict[str, object] = {
        "text": request.text,
        "spk_audio_path": speaker_path,
        "emo_control_method": int(EmotionMethod.SPEAKER),
        "emo_weight": 1.0,
        "emo_random": False,
        "max_text_tokens_per_sentence": request.max_tokens,
    }
    match request.emotion:
        case SpeakerEmotion():
            pass
        case ReferenceEmotion(weight=weight):
            fields |= {
                "emo_control_method": int(EmotionMethod.REFERENCE),
                "emo_ref_path": emotion_path,
                "emo_weight": weight,
            }
        case VectorEmotion(text=text, weight=weight) if text is not None:
            fields |= {"emo_control_method": int(EmotionMethod.TEXT), "emo_text": text, "emo_weight": weight}
        case VectorEmotion(vector=vector):
            fields |= {"emo_control_method": int(EmotionMethod.VECTOR), "emo_vec": list(vector)}
    return fields
