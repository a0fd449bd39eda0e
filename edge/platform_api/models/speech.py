"""Speech synthesis and voices."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from typing_extensions import TypedDict

from edge.endpoint import In


class SynthesizeIn(In):
    text: str = Field(min_length=1, max_length=5000, description="要合成的文本")
    voice: str = Field(min_length=1, max_length=128, description="音色名称，见 GET /api/tts/voices")
    format: str = Field(default="wav", max_length=16, description="wav、mp3、pcm 或 opus")
    volume: int = Field(default=50, ge=0, le=100)
    speech_rate: float = Field(default=1.0, ge=0.5, le=2.0)
    pitch_rate: float = Field(default=1.0, ge=0.5, le=2.0)


class SynthesizeOut(TypedDict):
    task_id: str
    status: str
    message: str


class VoicesIn(In):
    type: Literal["preset", "cloned", "all"] = Field(default="all", description="音色类型")
    prefix: str = Field(default="", max_length=64, description="克隆音色前缀过滤")


class PresetVoicesOut(TypedDict):
    female: list[str]
    male: list[str]


class ClonedVoiceOut(TypedDict):
    voice_id: str
    gmt_create: str
    gmt_modified: str
    status: str
    owner_user: int | None
    owner_account: str | None


class VoicesOut(TypedDict):
    preset_voices: PresetVoicesOut
    cloned_voices: list[ClonedVoiceOut]
    total_count: int


class AudioInfoOut(TypedDict):
    file_id: str
    file_size: int
    file_size_mb: float
    format: str
    exists: bool
    created_at: str
