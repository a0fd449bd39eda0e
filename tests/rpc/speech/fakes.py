"""What the speech service stands on, in memory: billing, files and an engine."""

from __future__ import annotations

import asyncio
import hashlib
import io
import math
import struct
import wave
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from pathlib import Path

from kit.engines import EngineEntry, EngineSlot, EngineState, InputRefused, open_slot
from kit.errors import InsufficientCredits, NotFound
from kit.net.errors import FetchBroken, FetchRefused, FetchTooLarge
from kit.net.messages import Downloaded, FetchLimits
from kit.rpc.context import require_principal
from kit.rpc.server import Context
from services.speech.emotion.delivery import Delivery
from services.speech.engines.base import (
    AudioFormat,
    CloneRequest,
    Language,
    LanguageModel,
    OnProgress,
    Quality,
    Recognition,
    RecognizedPart,
    RecognizedSentence,
    RewriteRequest,
    RewrittenText,
    SpeechRecognizer,
    SpeechSynthesizer,
    SpokenSegment,
    SpokenWord,
    SynthesisRequest,
    SynthesizedAudio,
    TextRewriter,
    Voice,
    VoiceClone,
    VoiceCloner,
)
from services.speech.engines.dubbers import DUBBING
from services.speech.engines.dubbing import Dubber, DubbingRequest, ReferenceEmotion
from services.speech.engines.jobs import (
    RECOGNITION,
    TEXT_REWRITE,
    VOICE_CLONE,
    JobEngines,
    JobEngineSettings,
)
from services.speech.engines.kokoro.catalog import voices
from services.speech.engines.listening import HeardSample, hear, measure
from services.speech.engines.prosody.dubber import ProsodyDubber
from services.speech.engines.rewriters import RewriterSettings
from services.speech.engines.styles import PACK_BYTES, StyleVoice
from voxreel.billing.v1 import ledger_service_pb2 as ledger
from voxreel.billing.v1 import ledger_service_pb2_grpc
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.files.v1 import file_service_pb2 as files
from voxreel.files.v1 import file_service_pb2_grpc

PRICE = 10
# The owner of what is shared.
NOBODY = 0
SAMPLE_RATE = 24_000


class FakeLedger(ledger_service_pb2_grpc.LedgerServiceServicer):
    """Holds credits of one balance, once for each request id. `failure` is raised once, after the hold was made when
    `is_answer_lost` is set, before it otherwise."""

    def __init__(self) -> None:
        self.available = 100
        self.holds: dict[str, ledger.Hold] = {}
        self.requests: list[ledger.ReserveCreditsRequest] = []
        self.failure: Exception | None = None
        self.is_answer_lost = False

    async def ReserveCredits(
        self, request: ledger.ReserveCreditsRequest, _context: Context
    ) -> ledger.ReserveCreditsResponse:
        self.requests.append(request)
        failure, self.failure = self.failure, None
        if failure is not None and not self.is_answer_lost:
            raise failure
        if request.request_id not in self.holds:
            price = request.credits if request.HasField("credits") else PRICE
            if self.available < price:
                raise InsufficientCredits(required=price, available=self.available)
            self.available -= price
            self.holds[request.request_id] = ledger.Hold(
                id=f"hold_{request.request_id}", user_id=request.user_id, credits=price
            )
        if failure is not None:
            raise failure
        return ledger.ReserveCreditsResponse(hold=self.holds[request.request_id])


class FakeAudioStore(file_service_pb2_grpc.FileServiceServicer):
    """Keeps one file for each user and request id. `failures` are raised first, one for each call."""

    def __init__(self) -> None:
        self.stored: dict[tuple[int, str], tuple[files.UploadFileHeader, bytes]] = {}
        self.sources: dict[str, tuple[int, bytes]] = {}
        self.failures: list[Exception] = []

    async def OpenDownload(self, request: files.OpenDownloadRequest, _context: Context) -> files.OpenDownloadResponse:
        if (NOBODY, request.file_id) not in self.stored:
            raise NotFound(reasons.ERROR_REASON_FILE_NOT_FOUND, f"文件不存在: {request.file_id}")
        return files.OpenDownloadResponse(file=files.File(id=request.file_id))

    def put_source(self, file_id: str, content: bytes, *, user_id: int = 7) -> str:
        """A file that a user has uploaded."""
        self.sources[file_id] = (user_id, content)
        return file_id

    async def GetFile(self, request: files.GetFileRequest, _context: Context) -> files.GetFileResponse:
        caller = require_principal()
        user_id, content = self.sources.get(request.file_id, (None, b""))
        if user_id is None or (user_id != caller.user_id and not caller.is_admin):
            raise NotFound(reasons.ERROR_REASON_FILE_NOT_FOUND, f"文件不存在: {request.file_id}")
        file = files.File(id=request.file_id, user_id=user_id, original_name="原声.wav", size_bytes=len(content))
        file.sha256 = hashlib.sha256(content).hexdigest()
        return files.GetFileResponse(file=file)

    async def DownloadFile(
        self, request: files.DownloadFileRequest, _context: Context
    ) -> AsyncIterator[files.DownloadFileResponse]:
        shared = self.stored.get((NOBODY, request.file_id.rpartition(".")[0]))
        if shared is None and request.file_id not in self.sources:
            raise NotFound(reasons.ERROR_REASON_FILE_NOT_FOUND, f"文件不存在: {request.file_id}")
        user_id, content = self.sources[request.file_id] if shared is None else (NOBODY, shared[1])
        yield files.DownloadFileResponse(file=files.File(id=request.file_id, user_id=user_id))
        step = max(4, len(content) // 8)
        for start in range(0, len(content), step):
            yield files.DownloadFileResponse(chunk=content[start : start + step])

    async def UploadFile(
        self, request_iterator: AsyncIterator[files.UploadFileRequest], _context: Context
    ) -> files.UploadFileResponse:
        header = (await anext(request_iterator)).header
        content = b"".join([part.chunk async for part in request_iterator])
        if self.failures:
            raise self.failures.pop(0)
        key = (header.user_id, header.request_id)
        self.stored.setdefault(key, (header, content))
        first, kept = self.stored[key]
        file_id = f"{first.id_prefix}_{first.user_id}_{first.request_id}.wav"
        self.sources.setdefault(file_id, (first.user_id, kept))
        return files.UploadFileResponse(file=files.File(id=file_id, size_bytes=len(kept)))


class FakeSynthesizer:
    """Speaks a tone of 50 ms for each character, as WAV. `failures` are raised first, one for each call; then
    `real` speaks if there is one. Longer texts than `at_once` wait for `go_on`."""

    name = "kokoro"

    def __init__(self) -> None:
        self.requests: list[SynthesisRequest] = []
        self.failures: list[Exception] = []
        self.is_stuck = False
        self.at_once = 10_000
        self.go_on = asyncio.Event()
        self.real: SpeechSynthesizer | None = None

    def voices(self) -> tuple[Voice, ...]:
        return voices()

    async def synthesize(self, request: SynthesisRequest, *, timeout_s: float) -> SynthesizedAudio:
        self.requests.append(request)
        if self.is_stuck:
            async with asyncio.timeout(timeout_s):
                await asyncio.Event().wait()
        if len(request.text) > self.at_once:
            await self.go_on.wait()
        if self.failures:
            raise self.failures.pop(0)
        if self.real is not None:
            return await self.real.synthesize(request, timeout_s=timeout_s)
        samples = len(request.text) * SAMPLE_RATE // 20
        duration_ms = samples * 1000 // SAMPLE_RATE
        word = SpokenWord(request.text, 0, duration_ms)
        return SynthesizedAudio(
            data=tone_wav(samples),
            audio_format=AudioFormat.WAV,
            sample_rate=SAMPLE_RATE,
            duration_ms=duration_ms,
            engine=self.name,
            model="fake-model",
            quality=Quality.NATIVE,
            segments=(SpokenSegment(request.text, 0, duration_ms, (word,)),),
        )

    async def aclose(self) -> None:
        """Nothing to end."""


class FakeRecognizer:
    """Hears as many words as the file has bytes."""

    name = "fake-ears"

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.failures: list[Exception] = []

    async def recognize(self, media: Path, *, timeout_s: float, on_progress: OnProgress) -> Recognition:
        self.heard.append(await asyncio.to_thread(media.read_bytes))
        on_progress(0.5)
        if self.failures:
            raise self.failures.pop(0)
        words = tuple(RecognizedPart("好", at * 100, at * 100 + 100) for at in range(len(self.heard[-1])))
        sentence = RecognizedSentence("好" * len(words), 0, 100 * len(words), words)
        return Recognition((sentence,), "zh", 100 * len(words), "ears-1", Quality.NATIVE)

    async def aclose(self) -> None:
        """Nothing to end."""


class FakeCloner:
    """Learns any voice as `pack`. While `is_held` it waits for `go_on`; `refusal` is raised if there is one."""

    name = "fake-parrot"

    def __init__(self) -> None:
        self.samples: list[bytes] = []
        self.go_on = asyncio.Event()
        self.is_held = False
        self.was_stopped = False
        self.pack = bytes(PACK_BYTES)
        self.refusal: InputRefused | None = None

    async def clone(self, request: CloneRequest, *, timeout_s: float, on_progress: OnProgress) -> VoiceClone:
        on_progress(0.5)
        self.samples.append(await asyncio.to_thread(request.sample.read_bytes))
        if self.is_held:
            try:
                await self.go_on.wait()
            except asyncio.CancelledError:
                self.was_stopped = True
                raise
        if self.refusal is not None:
            raise self.refusal
        style = StyleVoice(hashlib.sha256(self.pack).hexdigest(), Language.CHINESE, 1.1)
        return VoiceClone(style.name, "parrot-1", Quality.APPROXIMATE, self.pack)

    async def aclose(self) -> None:
        """Nothing to end."""


class FakeRewriter:
    """Turns texts around, a character at a time unless told otherwise.

    While `is_held` it waits for `go_on` before the last piece; `attempts` are written instead, one for each call, and
    what of them is an error is raised.
    """

    name = "fake-quill"

    def __init__(self) -> None:
        self.requests: list[RewriteRequest] = []
        self.attempts: list[str | Exception] = []
        self.written = 0
        self.piece_characters = 1
        self.go_on = asyncio.Event()
        self.is_held = False
        self.was_stopped = False

    def models(self) -> tuple[LanguageModel, ...]:
        return (LanguageModel("quill-1", "羽毛笔", "倒着写"),)

    async def rewrite(self, request: RewriteRequest, *, timeout_s: float) -> AsyncGenerator[str | RewrittenText, None]:
        self.requests.append(request)
        text = self.attempts.pop(0) if self.attempts else request.text[::-1]
        if isinstance(text, Exception):
            raise text
        try:
            for start in range(0, len(text), self.piece_characters):
                if self.is_held and start + self.piece_characters >= len(text):
                    await self.go_on.wait()
                self.written += 1
                yield text[start : start + self.piece_characters]
        except (asyncio.CancelledError, GeneratorExit):
            self.was_stopped = True
            raise
        yield RewrittenText(text, "quill-1", 3, 4, Quality.APPROXIMATE)

    async def aclose(self) -> None:
        """Nothing to end."""


class FakeJobEngines:
    """One engine for each capability, registered as engines are. What is in `problems` cannot work."""

    def __init__(self) -> None:
        self.recognizer = FakeRecognizer()
        self.cloner = FakeCloner()
        self.rewriter = FakeRewriter()
        self.problems: dict[str, tuple[str, ...]] = {}

    def slots(self) -> JobEngines:
        unused = Path("unused")
        settings = JobEngineSettings(unused, RewriterSettings(unused))
        recognizers: dict[str, EngineEntry[SpeechRecognizer, JobEngineSettings]] = {
            "fake": EngineEntry(lambda _: self.recognizer, self._examine("recognizer"))
        }
        cloners: dict[str, EngineEntry[VoiceCloner, JobEngineSettings]] = {
            "fake": EngineEntry(lambda _: self.cloner, self._examine("cloner"))
        }
        rewriters: dict[str, EngineEntry[TextRewriter, RewriterSettings]] = {
            "fake": EngineEntry(lambda _: self.rewriter, self._examine("rewriter"))
        }
        return JobEngines(
            open_slot(RECOGNITION, recognizers, settings),
            open_slot(VOICE_CLONE, cloners, settings),
            open_slot(TEXT_REWRITE, rewriters, settings.rewriting),
        )

    def _examine(self, name: str) -> Callable[[object], EngineState]:
        return lambda _: EngineState(model="fake-model", quality="native", problems=self.problems.get(name, ()))


class FakeDubber:
    """The offline engine, and another one that wants recordings when it `takes_recordings`: it notes their bytes."""

    name = "prosody"

    def __init__(self, synthesizer: FakeSynthesizer) -> None:
        self._offline = ProsodyDubber(synthesizer)
        self.takes_recordings = False
        self.requests: list[DubbingRequest] = []
        self.recordings: list[bytes] = []
        self.failures: list[Exception] = []
        self.problems: tuple[str, ...] = ()

    async def dub(self, request: DubbingRequest, *, timeout_s: float) -> SynthesizedAudio:
        self.requests.append(request)
        if self.failures:
            raise self.failures.pop(0)
        emotion = request.emotion.media if isinstance(request.emotion, ReferenceEmotion) else None
        for media in (request.speaker_sample, emotion):
            if media is not None:
                self.recordings.append(await asyncio.to_thread(media.read_bytes))
        return await self._offline.dub(request, timeout_s=timeout_s)

    async def aclose(self) -> None:
        """Nothing to end."""

    def slot(self) -> EngineSlot[Dubber]:
        entry: EngineEntry[Dubber, None] = EngineEntry(
            lambda _: self, lambda _: EngineState(model="fake-model", quality="approximate", problems=self.problems)
        )
        return open_slot(DUBBING, {self.name: entry}, None)


class FakeWeb:
    """Files behind addresses; what is not there cannot be fetched, and what is `None` must not be."""

    def __init__(self) -> None:
        self.files: dict[str, bytes | None] = {}

    async def download(self, url: str, target: Path, *, limits: FetchLimits) -> Downloaded:
        content = self.files.get(url, b"")
        if content is None:
            raise FetchRefused("the address is not public")
        if not content:
            raise FetchBroken("the server refuses", status=404)
        if len(content) > limits.max_bytes:
            raise FetchTooLarge("too many bytes")
        await asyncio.to_thread(target.write_bytes, content)
        return Downloaded(url, "audio/wav", len(content))


class FakeListener:
    """Hears in this process. `failures` are raised first, one for each call."""

    def __init__(self) -> None:
        self.failures: list[Exception] = []

    async def hear(self, file: Path, *, timeout_s: float) -> HeardSample:
        if self.failures:
            raise self.failures.pop(0)
        async with asyncio.timeout(timeout_s):
            return await asyncio.to_thread(hear, None, file)

    async def measure(self, file: Path, *, timeout_s: float) -> Delivery:
        if self.failures:
            raise self.failures.pop(0)
        async with asyncio.timeout(timeout_s):
            return await asyncio.to_thread(measure, None, file)


def tone_wav(samples: int) -> bytes:
    """440 Hz, 16 bit, mono."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as output:
        output.setnchannels(1)
        output.setsampwidth(2)
        output.setframerate(SAMPLE_RATE)
        tone = (round(8000 * math.sin(math.tau * 440 * at / SAMPLE_RATE)) for at in range(samples))
        output.writeframes(b"".join(struct.pack("<h", value) for value in tone))
    return buffer.getvalue()
