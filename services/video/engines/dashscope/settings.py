"""What an operator can choose about DashScope's lip sync."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.util import find_spec

from kit.dashscope.clients import HTTP_URL, Access

MODEL_NAME = "videoretalk"


@dataclass(frozen=True, slots=True)
class DashScopeSettings:
    """One account and how it is used.

    silence_s: longest time without a word from the provider. transfer_s: longest time one file takes to it or back.
    poll_s: pause after the first look at an order; pauses grow to max_poll_s. turn_s: pause until a render that waits
    for its turn comes again, for each that is ahead of it.
    """

    api_key: str = field(default="", repr=False)
    http_url: str = HTTP_URL
    silence_s: float = 15.0
    transfer_s: float = 600.0
    poll_s: float = 3.0
    max_poll_s: float = 15.0
    turn_s: float = 3.0

    @property
    def access(self) -> Access:
        """The account, for requests."""
        return Access(self.api_key, self.http_url, self.silence_s)

    def problems(self) -> tuple[str, ...]:
        """What keeps the engine from working, in words for the operator."""
        found = [] if self.api_key else ["VOXREEL_VIDEO_DASHSCOPE__API_KEY is not set"]
        found += [f"package {name} is not installed" for name in ("av", "dashscope") if find_spec(name) is None]
        return tuple(found)
