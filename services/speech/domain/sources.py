"""Files that users hand to an engine."""

from __future__ import annotations

from dataclasses import dataclass

from kit.errors import Invalid
from voxreel.common.v1 import error_reason_pb2 as reasons

AUDIO = ("wav", "mp3", "aac", "m4a", "flac", "pcm", "opus", "speex", "amr")
VIDEO = ("mp4", "avi", "mov", "mkv", "wmv", "flv")
RECOGNIZABLE = (*AUDIO, *VIDEO)
_MAX_ID_CHARACTERS = 512


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of the caller as files knows it. `name` is what its owner called it."""

    id: str
    name: str
    size_bytes: int

    @property
    def extension(self) -> str:
        """Without the dot, in lower case; empty when neither id nor name has one."""
        for text in (self.id, self.name):
            _stem, dot, extension = text.rpartition(".")
            if dot:
                return extension.lower()
        return ""


def check_file_id(file_id: str) -> None:
    """Raises Invalid for what cannot be a file's id."""
    if not 0 < len(file_id) <= _MAX_ID_CHARACTERS or not file_id.isprintable():
        raise Invalid(reasons.ERROR_REASON_FIELD_INVALID, "file_id 不正确")


def check_format(file: SourceFile, allowed: tuple[str, ...]) -> None:
    """Raises Invalid (FILE_TYPE_UNSUPPORTED) unless the file's extension is one of these."""
    if file.extension not in allowed:
        raise Invalid(
            reasons.ERROR_REASON_FILE_TYPE_UNSUPPORTED,
            f"不支持的文件格式，请使用 {'、'.join(allowed)} 文件",
            metadata={"extension": file.extension[:16], "allowed": ",".join(allowed)},
        )
