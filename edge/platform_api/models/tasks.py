"""Tasks of every kind at one address. What is not required goes beyond the contract."""

from __future__ import annotations

from typing import NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from edge.endpoint import In


class TaskIdIn(In):
    task_id: str = Field(min_length=1, max_length=128)


class AudioResultOut(TypedDict):
    file_id: str
    file_size_mb: float
    format: str
    duration_ms: NotRequired[int]
    url: NotRequired[str]


class SpeechTaskOut(TypedDict):
    task_id: str
    status: str
    progress: NotRequired[int]
    result: AudioResultOut | None
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
