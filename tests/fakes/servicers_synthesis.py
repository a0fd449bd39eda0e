"""Dubbing as an edge sees it: orders, and recordings that show emotions."""

from __future__ import annotations

import hashlib

from kit.clock import Clock
from kit.errors import Invalid
from kit.ids import IdSource
from kit.rpc.context import require_principal
from kit.rpc.server import Context
from tests.fakes.servicers_dubbing import FakeHistory
from tests.fakes.servicers_files import FakeFiles
from tests.fakes.servicers_jobs import FakeJobs
from tests.fakes.servicers_tasks import FakeTasks
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.files.v1 import file_service_pb2 as files
from voxreel.speech.v1 import dubbing_service_pb2 as messages
from voxreel.speech.v1 import dubbing_service_pb2_grpc
from voxreel.speech.v1 import history_service_pb2 as history
from voxreel.task.v1 import task_pb2

OUTPUT = {
    "quality": "approximate",
    "engine": "kokoro",
    "emotion_vector": None,
    "emotion_weight": 1.0,
    "segments": [
        {"text": "今天", "start_ms": 0, "end_ms": 500, "words": [{"text": "今天", "start_ms": 80, "end_ms": 420}]},
        {"text": "天气真好", "start_ms": 500, "end_ms": 1500},
    ],
}


class FakeDubbings(FakeJobs, dubbing_service_pb2_grpc.DubbingServiceServicer):
    """Ends an order at once as `end` says; what succeeds is a piece of the history with its file."""

    def __init__(
        self, tasks: FakeTasks, clock: Clock, ids: IdSource, *, history: FakeHistory, files: FakeFiles
    ) -> None:
        super().__init__(tasks, clock, ids)
        self._history = history
        self._files = files
        self.accepted: dict[tuple[int, str], tuple[messages.CreateDubbingRequest, task_pb2.Task]] = {}
        self.heard: list[str] = []

    async def CreateDubbing(
        self, request: messages.CreateDubbingRequest, context: Context
    ) -> messages.CreateDubbingResponse:
        self.refusals.enter("CreateDubbing")
        user_id = require_principal().user_id
        former = self.accepted.get((user_id, request.request_id))
        if former is not None and former[0] != request:
            raise Invalid(reasons.ERROR_REASON_IDEMPOTENCY_KEY_REUSED, "请求标识已被使用")
        if former is None:
            number = 1001 + len(self.accepted)
            # Only an emotion that was given in figures, or in words, has figures.
            vector = [0, 0.8, 0, 0, 0, 0, 0, 0] if request.emotion.method in (2, 3) else None
            output = {**OUTPUT, "emotion_vector": vector}
            task = self.make(task_pb2.TASK_KIND_TTS, {"text": request.text}, output=output, task_id=f"tts_{number}")
            task.error_reason = "TEXT_NOT_SPEAKABLE" if self.end == task_pb2.TASK_STATE_FAILED else ""
            self.accepted[(user_id, request.request_id)] = (request, task)
            if self.end == task_pb2.TASK_STATE_SUCCEEDED:
                self.add_piece(user_id, number, request)
        return messages.CreateDubbingResponse(task=self.accepted[(user_id, request.request_id)][1])

    def add_piece(self, user_id: int, number: int, request: messages.CreateDubbingRequest) -> None:
        """What a task that succeeded leaves behind."""
        file_id = f"tts_audio_{number}.mp3"
        self._files.put(files.File(id=file_id, user_id=user_id, file_type="audio"), "blob")
        piece = history.Dubbing(
            id=number, text=request.text, file_id=file_id, size_bytes=20480, duration_ms=1500, credits_used=6
        )
        self._history.put(user_id, piece, task_id=f"tts_{number}")

    async def CreateEmotionReference(
        self, request: messages.CreateEmotionReferenceRequest, context: Context
    ) -> messages.CreateEmotionReferenceResponse:
        self.refusals.enter("CreateEmotionReference")
        user_id = require_principal().user_id
        file = self._files.stored[request.file_id][0]
        md5 = hashlib.md5(file.sha256.encode(), usedforsecurity=False).hexdigest()
        is_duplicate = md5 in self.heard
        self.heard.append(md5)
        reference = messages.EmotionReference(
            identifier=f"emotion_audio/user_{user_id}/{md5}.mp3",
            size_bytes=file.size_bytes,
            md5=md5,
            median_hz=219.46,
            range_semitones=9.44,
            level_db=-20.04,
            syllables_per_s=4.567,
        )
        return messages.CreateEmotionReferenceResponse(reference=reference, is_duplicate=is_duplicate)
