"""Recognition, rewriting and video as an edge sees them. A task ends as soon as it is accepted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from kit.clock import Clock
from kit.errors import Invalid
from kit.ids import IdSource
from kit.rpc.context import require_principal
from kit.rpc.server import Context
from kit.rpc.times import duration_of, timestamp_of
from tests.fakes.refusals import Refusals
from tests.fakes.servicers_tasks import FakeTasks
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.speech.v1 import recognition_service_pb2 as recognition
from voxreel.speech.v1 import recognition_service_pb2_grpc, text_service_pb2_grpc
from voxreel.speech.v1 import text_service_pb2 as texts
from voxreel.task.v1 import task_pb2
from voxreel.video.v1 import link_service_pb2 as links
from voxreel.video.v1 import link_service_pb2_grpc, render_service_pb2_grpc
from voxreel.video.v1 import render_service_pb2 as renders

_REWRITTEN = {
    "engine": "fake-quill",
    "model": "quill-1",
    "prompt_tokens": 3,
    "completion_tokens": 4,
    "quality": "native",
    "warnings": ["缺少：2024"],
}


class FakeJobs:
    """Makes tasks. `end` is the state they end in, `output` what comes of them."""

    def __init__(self, tasks: FakeTasks, clock: Clock, ids: IdSource) -> None:
        self.tasks = tasks
        self.refusals = Refusals()
        self.end: task_pb2.TaskState.ValueType = task_pb2.TASK_STATE_SUCCEEDED
        self.reason = "ENGINE_FAILED"
        self._clock = clock
        self._ids = ids

    def make(
        self,
        kind: task_pb2.TaskKind.ValueType,
        given: Mapping[str, Any],
        *,
        output: Mapping[str, Any],
        task_id: str = "",
    ) -> task_pb2.Task:
        """A task of the caller, ended at once."""
        task = task_pb2.Task(
            id=task_id or self._ids.random("task_"), kind=kind, state=self.end, user_id=require_principal().user_id
        )
        task.create_time.FromDatetime(self._clock.now())
        task.input.update(dict(given))
        if self.end == task_pb2.TASK_STATE_SUCCEEDED:
            task.output.update(dict(output))
        if self.end == task_pb2.TASK_STATE_FAILED:
            task.error_message = "引擎处理失败"
            task.error_reason = self.reason
        self.tasks.put(task)
        return task


class FakeRecognition(FakeJobs, recognition_service_pb2_grpc.RecognitionServiceServicer):
    """Hears the same in every file."""

    async def CreateRecognition(
        self, request: recognition.CreateRecognitionRequest, context: Context
    ) -> recognition.CreateRecognitionResponse:
        self.refusals.enter("CreateRecognition")
        word = {"begin_ms": 0, "end_ms": 500, "text": "你好"}
        output = {"text": "你好", "language": "zh", "duration_ms": 500, "sentences": [{**word, "words": [word]}]}
        task = self.make(task_pb2.TASK_KIND_ASR, {"file_id": request.file_id, "filename": "声音.wav"}, output=output)
        return recognition.CreateRecognitionResponse(task=task)


class FakeTexts(FakeJobs, text_service_pb2_grpc.TextServiceServicer):
    """Answers each text with the same pieces. While it is silent nothing follows them."""

    def __init__(self, tasks: FakeTasks, clock: Clock, ids: IdSource) -> None:
        super().__init__(tasks, clock, ids)
        self.requests: list[texts.RewriteOrder] = []
        self.pieces = ["一句。", "两句！"]
        self.is_silent = False
        self.restarts = False
        self.was_left = False

    async def StreamRewrite(
        self, request: texts.StreamRewriteRequest, context: Context
    ) -> AsyncIterator[texts.StreamRewriteResponse]:
        self.refusals.enter("StreamRewrite")
        self.requests.append(request.rewrite)
        output = {**_REWRITTEN, "rewritten_text": "".join(self.pieces)}
        task = self.make(task_pb2.TASK_KIND_LLM, {"text": request.rewrite.text}, output=output)
        yield texts.StreamRewriteResponse(accepted=task)
        try:
            for piece in self.pieces:
                yield texts.StreamRewriteResponse(delta=piece)
            if self.is_silent:
                await asyncio.Event().wait()
            if self.restarts:
                yield texts.StreamRewriteResponse(restart=texts.StreamRewriteResponse.Restart())
        except (asyncio.CancelledError, GeneratorExit):
            self.was_left = True
            raise
        yield texts.StreamRewriteResponse(ended=task)

    async def ListLanguageModels(
        self, request: texts.ListLanguageModelsRequest, context: Context
    ) -> texts.ListLanguageModelsResponse:
        self.refusals.enter("ListLanguageModels")
        model = texts.LanguageModel(id="quill-1", display_name="羽毛笔", description="写得慢")
        return texts.ListLanguageModelsResponse(models=[model])


class FakeVideo(FakeJobs, render_service_pb2_grpc.RenderServiceServicer, link_service_pb2_grpc.LinkServiceServicer):
    """Renders everything to the same file, and knows one link."""

    def __init__(self, tasks: FakeTasks, clock: Clock, ids: IdSource) -> None:
        super().__init__(tasks, clock, ids)
        self.renders: list[renders.CreateRenderRequest] = []
        self.keyings: list[renders.CreateChromaKeyRequest] = []
        self._uuid = ids.uuid

    async def CreateRender(
        self, request: renders.CreateRenderRequest, context: Context
    ) -> renders.CreateRenderResponse:
        self.refusals.enter("CreateRender")
        self.renders.append(request)
        given = {
            "video": {"file_id": request.video_file_id, "url": request.video_url},
            "audio": {"file_id": request.audio_file_id, "url": request.audio_url},
            "ref_image": {"file_id": request.ref_image_file_id, "url": request.ref_image_url},
            "is_video_extended": request.is_video_extended,
        }
        return renders.CreateRenderResponse(task=self._made(task_pb2.TASK_KIND_VIDEO, given))

    async def CreateChromaKey(
        self, request: renders.CreateChromaKeyRequest, context: Context
    ) -> renders.CreateChromaKeyResponse:
        self.refusals.enter("CreateChromaKey")
        self.keyings.append(request)
        given = {
            "video": {"file_id": request.video_file_id, "url": request.video_url},
            "background": {"file_id": request.background_file_id, "url": request.background_url},
            "color": request.color,
            "similarity": request.similarity,
            "blend": request.blend,
        }
        return renders.CreateChromaKeyResponse(task=self._made(task_pb2.TASK_KIND_CHROMA_KEY, given))

    async def ParseLink(self, request: links.ParseLinkRequest, context: Context) -> links.ParseLinkResponse:
        self.refusals.enter("ParseLink")
        if "v.douyin.com" not in request.text:
            raise Invalid(reasons.ERROR_REASON_LINK_UNSUPPORTED, "暂不支持该平台的视频链接")
        is_images = "images" in request.text
        return links.ParseLinkResponse(
            video_url="" if is_images else "https://cdn.example/v.mp4",
            image_urls=["https://cdn.example/1.jpg", "https://cdn.example/2.jpg"] if is_images else [],
            live_photo_urls=["https://cdn.example/1.mp4", ""] if is_images else [],
            cover_url="https://cdn.example/c.jpg",
            title="视频标题",
            music_url="https://cdn.example/m.mp3",
            author=links.LinkAuthor(uid="1", display_name="作者", avatar_url="https://cdn.example/a.jpg"),
        )

    async def ListPlatforms(self, request: links.ListPlatformsRequest, context: Context) -> links.ListPlatformsResponse:
        asked = links.LinkPlatform(
            key="douyin",
            display_name="抖音",
            last_outcome="changed",
            counts={"read": 3, "changed": 1},
            last_read_time=timestamp_of(datetime(2026, 1, 1, 4, tzinfo=UTC)),
            changed_ways=["details"],
            paused_for=duration_of(timedelta(seconds=1.5)),
        )
        unasked = links.LinkPlatform(key="weibo", display_name="微博")
        return links.ListPlatformsResponse(platforms=[asked, unasked])

    def _made(self, kind: task_pb2.TaskKind.ValueType, given: Mapping[str, Any]) -> task_pb2.Task:
        output = {"file_id": "videos_1.mp4", "file_size_bytes": 1048576, "duration_ms": 2000}
        return self.make(kind, given, output=output, task_id=self._uuid())
