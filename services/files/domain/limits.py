"""Which files are taken, and how large they may be (platform contract, 7.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from kit.errors import Invalid, TooLarge
from services.files.domain.model import StorageType
from services.files.domain.names import extension_of
from voxreel.common.v1 import error_reason_pb2 as reasons

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class UploadRule:
    """What one kind of file accepts. No extensions means any."""

    extensions: tuple[str, ...]
    limit_bytes: int


UPLOAD_RULES: Mapping[str, UploadRule] = MappingProxyType(
    {
        "digital_humans": UploadRule(("mp4", "avi", "mov", "mkv"), 500 * MEBIBYTE),
        "backgrounds": UploadRule(("jpg", "jpeg", "png", "bmp", "webp"), 10 * MEBIBYTE),
        "bgm": UploadRule(("mp3", "wav", "aac", "flac"), 50 * MEBIBYTE),
    }
)
"""Persistent files that users upload."""

SINGLE_RULES: Mapping[str, UploadRule] = MappingProxyType(
    {"avatars": UploadRule(("jpg", "jpeg", "png", "gif", "webp"), 5 * MEBIBYTE)}
)
"""Persistent files of which a user has one: a new one takes the place of the one before it (dubbing contract, 7.1)."""

PRODUCED_RULES: Mapping[str, UploadRule] = MappingProxyType(
    {
        "audio": UploadRule(("wav", "mp3", "pcm", "opus"), 500 * MEBIBYTE),
        "videos": UploadRule(("mp4",), 2048 * MEBIBYTE),
        # Recordings of users that speech has heard, whatever they are called.
        "voice_samples": UploadRule((), 10 * MEBIBYTE),
        # What an engine learnt of a voice.
        "voice_packs": UploadRule(("bin",), MEBIBYTE),
    }
)
"""Persistent files that services make for users."""

CACHE_RULES: Mapping[str, UploadRule] = MappingProxyType(
    {
        "voice_previews": UploadRule(("wav",), 10 * MEBIBYTE),
        "voice_avatars": UploadRule(("png",), MEBIBYTE),
    }
)
"""Files that services make and can make again."""

TEMP_RULE = UploadRule((), 50 * MEBIBYTE)

_ID_PREFIX = re.compile(r"[a-z][a-z0-9_]{0,31}")


def user_rule(storage_type: StorageType, file_type: str) -> UploadRule:
    """The rule for an upload by a user. Raises Invalid."""
    if storage_type is StorageType.TEMP:
        return TEMP_RULE
    if storage_type is not StorageType.PERSISTENT:
        raise Invalid(reasons.ERROR_REASON_FIELD_INVALID, "storage_type 只能是 persistent 或 temp")
    rule = UPLOAD_RULES.get(file_type) or SINGLE_RULES.get(file_type)
    if rule is None:
        allowed = "、".join(UPLOAD_RULES)
        raise Invalid(reasons.ERROR_REASON_FIELD_INVALID, f"持久化存储需要指定 file_type，可选值：{allowed}")
    return rule


def is_single(storage_type: StorageType, file_type: str) -> bool:
    """Whether a user has at most one file of the kind."""
    return storage_type is StorageType.PERSISTENT and file_type in SINGLE_RULES


def produced_rule(storage_type: StorageType, file_type: str) -> UploadRule:
    """The rule for a file that a service made. Raises Invalid."""
    if storage_type is StorageType.TEMP:
        return TEMP_RULE
    rules = CACHE_RULES if storage_type is StorageType.CACHE else PRODUCED_RULES
    rule = rules.get(file_type)
    if rule is None:
        raise Invalid(reasons.ERROR_REASON_FIELD_INVALID, "不支持的文件类别")
    return rule


def check_extension(rule: UploadRule, name: str) -> None:
    """Raises Invalid (FILE_TYPE_UNSUPPORTED) when the rule does not list the name's extension."""
    extension = extension_of(name)
    if not rule.extensions or extension in rule.extensions:
        return
    allowed = "、".join(rule.extensions)
    raise Invalid(
        reasons.ERROR_REASON_FILE_TYPE_UNSUPPORTED,
        f"不支持的文件格式，请上传 {allowed} 文件",
        metadata={"extension": extension, "allowed": ",".join(rule.extensions)},
    )


def check_id_prefix(prefix: str) -> None:
    """Raises Invalid when ids could not begin with it."""
    if _ID_PREFIX.fullmatch(prefix) is None:
        raise Invalid(reasons.ERROR_REASON_FIELD_INVALID, "文件编号前缀无效")


def too_large(limit_bytes: int) -> TooLarge:
    """The refusal of a file above its limit."""
    return TooLarge(
        reasons.ERROR_REASON_FILE_TOO_LARGE,
        f"文件过大，最大允许 {limit_bytes // MEBIBYTE} MB",
        metadata={"limit_bytes": str(limit_bytes)},
    )
