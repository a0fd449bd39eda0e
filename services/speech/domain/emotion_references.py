"""Recordings whose manner of speaking is to be taken over."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kit.errors import NotFound, Precondition
from services.speech.emotion.delivery import Delivery
from voxreel.common.v1 import error_reason_pb2 as reasons

MAX_BYTES: Final = 10 * 1024 * 1024
MAX_REFERENCES: Final = 200
HEARD_S: Final = 15.0
"""Only so much of the beginning counts, as in IndexTTS2."""

_IDENTIFIER = re.compile(r"emotion_audio/user_(?P<user_id>[1-9][0-9]{0,17})/(?P<md5>[0-9a-f]{32})\.[a-z0-9]{1,8}")


@dataclass(frozen=True, slots=True)
class EmotionReference:
    """A recording of a user, and how it was spoken. A user has each recording once; `md5` is hexadecimal."""

    user_id: int
    md5: str
    extension: str
    file_id: str
    size_bytes: int
    delivery: Delivery
    create_time: datetime

    @property
    def identifier(self) -> str:
        """What clients name it by."""
        return f"emotion_audio/user_{self.user_id}/{self.md5}.{self.extension}"


def md5_of(identifier: str, user_id: int) -> str | None:
    """The digest in an identifier; None when it cannot be one of this user."""
    found = _IDENTIFIER.fullmatch(identifier)
    return found["md5"] if found is not None and int(found["user_id"]) == user_id else None


def reference_not_found() -> NotFound:
    """There is no such recording, or it is another user's."""
    return NotFound(
        reasons.ERROR_REASON_EMOTION_REFERENCE_NOT_FOUND, "Emotion reference audio not found or access denied"
    )


def references_full() -> Precondition:
    """The user has as many as there may be."""
    return Precondition(reasons.ERROR_REASON_EMOTION_REFERENCES_FULL, f"情感参考音频最多 {MAX_REFERENCES} 个")
