"""When there is a screen to replace."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from kit.errors import Invalid
from voxreel.common.v1 import error_reason_pb2 as reasons

MIN_SCREEN_SHARE = 0.1
"""Of the pictures' area. Less is something green in a room, and keying it would leave the room."""

_NAMES: Mapping[str, str] = MappingProxyType({"green": "绿色", "blue": "蓝色"})


def check_screen(share: float, color: str) -> None:
    """Raises Invalid (SCREEN_NOT_FOUND) with the measured share, 0..1."""
    if share < MIN_SCREEN_SHARE:
        name = _NAMES.get(color, color)
        raise Invalid(
            reasons.ERROR_REASON_SCREEN_NOT_FOUND,
            f"视频中{name}背景仅占画面的 {100 * share:.1f}%（至少需要 {MIN_SCREEN_SHARE:.0%}），请更换视频或抠像颜色",
            metadata={"share": f"{share:.4f}", "color": color},
        )
