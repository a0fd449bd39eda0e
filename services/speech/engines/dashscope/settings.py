"""What an operator can choose about DashScope."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.util import find_spec

from kit.dashscope.clients import HTTP_URL
from services.speech.engines.dashscope.turns import Limit, NoTurns, Turns

WEBSOCKET_URL = "wss://dashscope.aliyuncs.com/api-ws/v1/inference"


@dataclass(frozen=True, slots=True)
class Limits:
    """The account's limits, as the provider documents them."""

    cosyvoice: Limit = field(default_factory=lambda: Limit("cosyvoice", 3))
    sambert: Limit = field(default_factory=lambda: Limit("sambert", 20))
    enrollment: Limit = field(default_factory=lambda: Limit("voice-enrollment", 10))
    gummy: Limit = field(default_factory=lambda: Limit("gummy", 10))
    qwen: Limit = field(default_factory=lambda: Limit("qwen", 20))


@dataclass(frozen=True, slots=True)
class DashScopeSettings:
    """One account and what to use of it.

    silence_s: longest time without a word from the provider, connecting included. poll_s: pause between two looks at
    a voice that is being deployed. hearing_speed: how many times faster than it plays a recording is sent.
    max_jobs: jobs of one kind that this process has running. turns: who keeps the limits, for all processes together.
    """

    api_key: str = field(default="", repr=False)
    http_url: str = HTTP_URL
    websocket_url: str = WEBSOCKET_URL
    clone_model: str = "cosyvoice-v2"
    recognition_model: str = "gummy-realtime-v1"
    rewrite_model: str = "qwen-plus"
    rewrite_temperature: float = 0.7
    silence_s: float = 15.0
    poll_s: float = 2.0
    hearing_speed: float = 8.0
    max_jobs: int = 8
    limits: Limits = field(default_factory=Limits)
    turns: Turns = field(default_factory=NoTurns, repr=False)

    def problems(self) -> tuple[str, ...]:
        """What keeps the engines from working, in words for the operator."""
        found = [] if self.api_key else ["VOXREEL_SPEECH_DASHSCOPE__API_KEY is not set"]
        if find_spec("dashscope") is None:
            found.append("package dashscope is not installed")
        return tuple(found)
