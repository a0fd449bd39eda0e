"""Tasks of every kind. What is not required goes beyond the contract."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from edge.endpoint import In

TaskType = Literal["TTS", "ASR", "VIDEO", "CHROMA_KEY", "VOICE_CLONE", "LLM"]
TaskStatus = Literal["PENDING", "RUNNING", "COMPLETED", "FAILED"]
# The services count what is skipped in 32 bits.
_MAX_PAGE = 20_000_000
_MAX_USER_ID = 2**31 - 1


class TaskIdIn(In):
    task_id: str = Field(min_length=1, max_length=128)


class TaskViewIn(TaskIdIn):
    format: Literal["srt", "vtt"] | None = Field(
        default=None, description="srt 或 vtt：以字幕文件返回语音识别或语音合成的结果"
    )


class TasksIn(In):
    task_type: TaskType | None = Field(default=None, description="任务类型过滤")
    status: TaskStatus | None = Field(default=None, description="状态过滤")
    page: int = Field(default=1, ge=1, le=_MAX_PAGE, description="页码")
    page_size: int = Field(default=20, ge=1, le=100, description="每页数量")

    @property
    def skip(self) -> int:
        """How many come before the page."""
        return (self.page - 1) * self.page_size


class AllTasksIn(TasksIn):
    user_id: int | None = Field(default=None, ge=1, le=_MAX_USER_ID, description="用户ID过滤")


class TaskUpdateIn(TaskIdIn):
    status: TaskStatus | None = Field(default=None, description="只能改为 FAILED，即取消任务")
    error_message: str | None = Field(default=None, max_length=500)
    progress: int | None = Field(default=None, ge=0, le=100)
    current_step: str | None = Field(default=None, min_length=1, max_length=64)


class TaskOut(TypedDict):
    id: str
    task_type: str
    status: str
    title: str
    description: str
    input_data: Mapping[str, Any]
    output_data: Mapping[str, Any] | None
    progress: int
    current_step: str
    error_message: str | None
    created_at: str
    updated_at: str
    completed_at: str | None
    user_id: NotRequired[int]


class TaskProgressOut(TypedDict):
    """What an event of a task's stream says."""

    id: str
    status: str
    progress: int
    current_step: str
    error_message: str | None
    updated_at: str
    completed_at: str | None


class TasksOut(TypedDict):
    tasks: list[TaskOut]
    total: int
    page: int
    page_size: int


class TaskDeletedOut(TypedDict):
    message: str
    task_id: str


class TaskCountsOut(TypedDict):
    total_tasks: int
    completed_tasks: int
    failed_tasks: int
    pending_tasks: int
    running_tasks: int
    task_types: dict[str, int]


class TaskSummaryOut(TypedDict):
    user_id: int
    statistics: TaskCountsOut
    timestamp: str


class UserDistributionOut(TypedDict):
    total_users: int
    active_users: int


class GlobalCountsOut(TaskCountsOut):
    user_distribution: UserDistributionOut


class GlobalStatsOut(TypedDict):
    global_statistics: GlobalCountsOut
    timestamp: str


class RecognizedPartOut(TypedDict):
    begin_time: int
    end_time: int
    text: str


class RecognizedSentenceOut(RecognizedPartOut):
    words: list[RecognizedPartOut]


class RecognitionResultOut(TypedDict):
    text: str
    language: str
    duration: int
    sentences: list[RecognizedSentenceOut]


class VoiceResultOut(TypedDict):
    voice_id: str
    target_model: str


class TextResultOut(TypedDict):
    rewritten_text: str
    model: str
    warnings: list[str]


class SpokenSentenceOut(TypedDict):
    begin_time: int
    end_time: int
    text: NotRequired[str]
    words: NotRequired[list[RecognizedPartOut]]


class AudioResultOut(TypedDict):
    file_id: str
    file_size_mb: float
    format: str
    duration_ms: NotRequired[int]
    sentences: NotRequired[list[SpokenSentenceOut]]
    url: NotRequired[str]


class SpeechTaskOut(TypedDict):
    task_id: str
    status: str
    progress: NotRequired[int]
    result: AudioResultOut | RecognitionResultOut | VoiceResultOut | TextResultOut | None
    created_at: str
    completed_at: str | None
    error: NotRequired[str]


class VideoTaskOut(TypedDict):
    task_id: str
    status: str
    message: str
    progress: NotRequired[int]
    video_url: str | None
    created_at: str
    completed_at: str | None
    error: NotRequired[str]
