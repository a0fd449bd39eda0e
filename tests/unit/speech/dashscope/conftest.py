"""The adapters with the real SDK against an emulated service."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from services.speech.engines.dashscope.settings import DashScopeSettings
from tests.emulators.dashscope.account import KEY
from tests.emulators.dashscope.server import DashScopeEmulator
from tests.fakes.turns import FakeTurns

SILENCE_S = 0.5


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the machine reaches the world through is not for the emulator."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")


@pytest.fixture
async def emulator() -> AsyncIterator[DashScopeEmulator]:
    async with DashScopeEmulator().serving() as serving:
        yield serving


@pytest.fixture
def turns() -> FakeTurns:
    return FakeTurns()


@pytest.fixture
def settings(emulator: DashScopeEmulator, turns: FakeTurns) -> DashScopeSettings:
    return DashScopeSettings(
        api_key=KEY,
        http_url=emulator.http_url,
        websocket_url=emulator.websocket_url,
        silence_s=SILENCE_S,
        poll_s=0.01,
        hearing_speed=1000,
        turns=turns,
    )
