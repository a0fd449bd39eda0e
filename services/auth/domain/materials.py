"""What users keep in their five material lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from services.auth.domain.errors import field_invalid
from services.auth.domain.users import User

# Of one list. A user's five lists go out in one reply.
MATERIALS_LIMIT = 500
ITEM_ID_MAX_CHARACTERS = 200


class MaterialKind(StrEnum):
    """The lists. The values are stored."""

    WORKS = "works"
    DIGITAL_HUMANS = "digital_humans"
    BACKGROUNDS = "backgrounds"
    VOICES = "voices"
    BGM = "bgm"


Materials = Mapping[MaterialKind, tuple[str, ...]]
"""Ids by list, oldest first; a list that is empty may be missing."""

NO_MATERIALS: Materials = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Profile:
    """A user with what they keep."""

    user: User
    materials: Materials


def check_item_id(item_id: str) -> None:
    """Raises Invalid unless the text can be the id of something."""
    if not 1 <= len(item_id) <= ITEM_ID_MAX_CHARACTERS or "\x00" in item_id:
        raise field_invalid("file_id", f"file_id 长度须为 1 至 {ITEM_ID_MAX_CHARACTERS} 个字符")
