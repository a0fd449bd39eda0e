"""What a user has had dubbed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from kit.errors import NotFound
from services.speech.domain.speakers import VoiceChoice
from voxreel.common.v1 import error_reason_pb2 as reasons


class EmotionControl(StrEnum):
    """Where the emotion of a piece came from, as the contract spells it."""

    SAME_AS_REFERENCE = "same_as_reference"
    EMOTION_REFERENCE = "emotion_reference"
    VECTOR = "vector_control"
    TEXT = "text_control"


@dataclass(frozen=True, slots=True)
class NewDubbing:
    """A finished piece. `task_id` is the task that made it: a task makes one."""

    task_id: str
    user_id: int
    text: str
    voice: VoiceChoice
    emotion_control: EmotionControl
    file_id: str
    size_bytes: int
    duration_ms: int
    credits_used: int
    create_time: datetime


@dataclass(frozen=True, slots=True)
class Dubbing(NewDubbing):
    """A piece in the history."""

    id: int


def dubbing_not_found() -> NotFound:
    """There is no such piece, or it is another user's."""
    return NotFound(reasons.ERROR_REASON_HISTORY_NOT_FOUND, "Audio history not found or access denied")
