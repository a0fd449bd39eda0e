"""Single voices, preset and cloned."""

from __future__ import annotations

from typing import NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from edge.endpoint import In


class VoiceIdIn(In):
    voice_id: str = Field(min_length=1, max_length=128)


class CloneIn(In):
    audio_url: str = Field(min_length=1, max_length=2048, description="音频文件的地址：本平台的，或公网的")
    prefix: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_]+$", description="音色前缀")
    target_model: str = Field(default="", max_length=64, description="目标模型，引擎不支持时使用其默认模型")


class VoiceUpdateIn(VoiceIdIn):
    audio_url: str = Field(min_length=1, max_length=2048, description="音频文件的地址：本平台的，或公网的")


class CloneOut(TypedDict):
    voice_id: str
    message: str
    task_id: NotRequired[str]
    target_model: NotRequired[str | None]
    quality: NotRequired[str]


class VoiceOut(TypedDict):
    voice_id: str
    gmt_create: str | None
    gmt_modified: str | None
    status: str
    resource_link: str
    target_model: str
    type: NotRequired[str]
    owner_user: NotRequired[int | None]
    owner_account: NotRequired[str | None]
    quality: NotRequired[str | None]


class VoiceDeletedOut(TypedDict):
    voice_id: str
    message: str
    deleted_at: str
