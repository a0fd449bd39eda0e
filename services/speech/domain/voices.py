"""Cloned voices: what they are, what a clone takes, and who may see one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from kit.digests import short_digest
from kit.errors import Invalid, NotFound
from voxreel.common.v1 import error_reason_pb2 as reasons

_PREFIX = re.compile(r"[A-Za-z0-9_]{1,64}\Z")
_MAX_MODEL_CHARACTERS = 64


@dataclass(frozen=True, slots=True)
class ClonedVoice:
    """A voice made from a sample. `engine_voice` is what its engine needs to speak with it; `pack_file_id` the file of
    what it learnt, None where the engine keeps that itself; `quality` native or approximate."""

    id: str
    user_id: int
    account: str
    prefix: str
    engine: str
    target_model: str
    engine_voice: str
    pack_file_id: str | None
    quality: str
    sample_file_id: str
    is_public: bool
    create_time: datetime
    update_time: datetime

    @property
    def preview_version(self) -> str:
        """Changes with what was learnt of the sample."""
        return short_digest({"engine": self.engine, "voice": self.engine_voice})

    def is_visible_to(self, user_id: int | None, *, is_admin: bool) -> bool:
        """Everybody sees public voices, their owner and administrators all of them. None is anybody."""
        return self.is_public or is_admin or self.user_id == user_id


@dataclass(frozen=True, slots=True)
class CloneOrder:
    """The input of a clone task. `voice_id` names the voice it makes, or gives a new sample.

    The sample is a stored file, or lies behind the public `audio_url`; what is not given is empty. `custom_voice_id`:
    the task learns an uploaded voice of dubbing instead.
    """

    voice_id: str
    account: str
    file_id: str
    extension: str
    prefix: str
    target_model: str
    is_new: bool
    audio_url: str = ""
    custom_voice_id: int | None = None

    @classmethod
    def from_input(cls, stored: Mapping[str, Any]) -> CloneOrder:
        """From what `to_input` made of it, also before it knew every field."""
        return cls(**{field.name: stored[field.name] for field in fields(cls) if field.name in stored})

    def to_input(self) -> dict[str, Any]:
        """As the task keeps it and shows it to its owner."""
        return asdict(self)


def checked_prefix(prefix: str) -> str:
    """Raises Invalid unless the prefix can name a voice."""
    if _PREFIX.match(prefix) is None:
        raise _field_invalid("prefix（音色前缀）只能包含字母、数字和下划线，长度 1 到 64")
    return prefix


def checked_model(target_model: str) -> str:
    """Raises Invalid for what is no name of a model."""
    if len(target_model) > _MAX_MODEL_CHARACTERS or not target_model.isprintable():
        raise _field_invalid("target_model（目标模型）不正确")
    return target_model


def voice_not_found(voice_id: str) -> NotFound:
    """There is no such voice, or not for this caller."""
    return NotFound(reasons.ERROR_REASON_VOICE_NOT_FOUND, f"音色不存在: {voice_id[:64]}")


def _field_invalid(message: str) -> Invalid:
    return Invalid(reasons.ERROR_REASON_FIELD_INVALID, message)
