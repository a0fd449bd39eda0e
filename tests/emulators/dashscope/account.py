"""What the service knows of an account: its key, its voices, its files, how often it was asked."""

from __future__ import annotations

import asyncio
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from aiohttp import web

from tests.emulators.dashscope.faults import Faults

KEY = "sk-emulated-0123456789"
RATE_QUOTA = "Throttling.RateQuota"
_V2_VOICES = ("longxiaochun_v2", "longcheng_v2", "longhua_v2", "longshu_v2", "loongbella_v2")
SYSTEM_VOICES = {
    "cosyvoice-v1": ("longwan", "longcheng", "longhua", "longxiaochun", "loongstella", "loongbella"),
    "cosyvoice-v2": _V2_VOICES,
    "cosyvoice-v3-flash": ("longanyang", "longanhuan", "longxiaochun_v3"),
    "cosyvoice-v3-plus": ("longanyang", "longanhuan"),
    "cosyvoice-v3.5-flash": (),
    "cosyvoice-v3.5-plus": (),
}
SAMBERT_MODELS = ("sambert-zhichu-v1", "sambert-zhiwei-v1", "sambert-zhijia-v1", "sambert-zhixiang-v1")


@dataclass(slots=True)
class EnrolledVoice:
    """`looks_left`: how often it is asked for before it is deployed."""

    voice_id: str
    target_model: str
    prefix: str
    url: str
    looks_left: int
    status: str = "DEPLOYING"


@dataclass(slots=True)
class AccountState:
    """One account. `rates` are limits that are switched on: submissions per second by the head of a model's name."""

    key: str = KEY
    faults: Faults = field(default_factory=Faults)
    voices: dict[str, EnrolledVoice] = field(default_factory=dict)
    looks_until_deployed: int = 2
    rejects_voices: bool = False
    files: dict[str, bytes] = field(default_factory=dict)
    rates: dict[str, float] = field(default_factory=dict)
    submissions: list[tuple[str, float]] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    sockets: set[web.WebSocketResponse] = field(default_factory=set)
    open_tasks: int = 0
    cancelled: int = 0
    silence_s: float = 23.0
    idle_s: float = 60.0
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def submit(self, model: str) -> bool:
        """Notes a submission; False if it is one too many for the last second."""
        now = monotonic()
        for start, per_second in self.rates.items():
            recent = sum(1 for name, moment in self.submissions if name.startswith(start) and now - moment < 1.0)
            if model.startswith(start) and recent >= per_second:
                self.counts["throttled"] += 1
                return False
        self.submissions.append((model, now))
        return True

    def knows_voice(self, model: str, voice: str) -> bool:
        """Whether a model can speak with a voice now."""
        enrolled = self.voices.get(voice)
        if enrolled is not None:
            return enrolled.target_model == model and enrolled.status == "OK"
        return voice in SYSTEM_VOICES.get(model, ())

    def is_key(self, request: web.Request) -> bool:
        """Whether the request carries the account's key."""
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        return scheme.lower() == "bearer" and key == self.key


def error(status: int, code: str, message: str = "") -> web.Response:
    """An error as the service writes it over HTTP."""
    request_id = str(uuid.uuid4())
    body = {"request_id": request_id, "code": code, "message": message or f"{code}."}
    return web.json_response(body, status=status, headers={"x-request-id": request_id})


def characters(text: str) -> int:
    """What the service counts: a Han character is two."""
    return sum(2 if "\u4e00" <= character <= "\u9fff" else 1 for character in text)


async def for_ever() -> None:
    """Nothing happens any more."""
    await asyncio.Event().wait()


STATE = web.AppKey("state", AccountState)
