"""What the speech service stands on, in memory: billing, files and an engine."""

from __future__ import annotations

import asyncio
import io
import math
import struct
import wave
from collections.abc import AsyncIterator

from kit.errors import InsufficientCredits, NotFound
from kit.rpc.server import Context
from services.speech.engines.base import AudioFormat, Quality, SynthesisRequest, SynthesizedAudio, Voice
from services.speech.engines.kokoro.catalog import voices
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
            if self.available < PRICE:
                raise InsufficientCredits(required=PRICE, available=self.available)
            self.available -= PRICE
            self.holds[request.request_id] = ledger.Hold(
                id=f"hold_{request.request_id}", user_id=request.user_id, credits=PRICE
            )
        if failure is not None:
            raise failure
        return ledger.ReserveCreditsResponse(hold=self.holds[request.request_id])


class FakeAudioStore(file_service_pb2_grpc.FileServiceServicer):
    """Keeps one file for each user and request id. `failures` are raised first, one for each call."""

    def __init__(self) -> None:
        self.stored: dict[tuple[int, str], tuple[files.UploadFileHeader, bytes]] = {}
        self.failures: list[Exception] = []

    async def OpenDownload(self, request: files.OpenDownloadRequest, _context: Context) -> files.OpenDownloadResponse:
        if (NOBODY, request.file_id) not in self.stored:
            raise NotFound(reasons.ERROR_REASON_FILE_NOT_FOUND, f"文件不存在: {request.file_id}")
        return files.OpenDownloadResponse(file=files.File(id=request.file_id))

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
        return files.UploadFileResponse(file=files.File(id=file_id, size_bytes=len(kept)))


class FakeSynthesizer:
    """Speaks a tone of 50 ms for each character, as WAV. `failures` are raised first, one for each call."""

    name = "kokoro"

    def __init__(self) -> None:
        self.requests: list[SynthesisRequest] = []
        self.failures: list[Exception] = []
        self.is_stuck = False

    def voices(self) -> tuple[Voice, ...]:
        return voices()

    async def synthesize(self, request: SynthesisRequest, *, timeout_s: float) -> SynthesizedAudio:
        self.requests.append(request)
        if self.is_stuck:
            async with asyncio.timeout(timeout_s):
                await asyncio.Event().wait()
        if self.failures:
            raise self.failures.pop(0)
        samples = len(request.text) * SAMPLE_RATE // 20
        return SynthesizedAudio(
            data=tone_wav(samples),
            audio_format=AudioFormat.WAV,
            sample_rate=SAMPLE_RATE,
            duration_ms=samples * 1000 // SAMPLE_RATE,
            engine=self.name,
            model="fake-model",
            quality=Quality.NATIVE,
            segments=(),
        )

    async def aclose(self) -> None:
        """Nothing to end."""


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
