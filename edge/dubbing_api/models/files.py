"""Files that users show of themselves."""

from __future__ import annotations

from typing_extensions import TypedDict


class AvatarOut(TypedDict):
    avatar_url: str
    file_size: int
    is_duplicate: bool
