"""A broker and tokens for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kit.clock import SystemClock
from tests.fakes.tokens import FakeTokens
from tests.nats import NatsServer


@pytest.fixture
async def nats(tmp_path: Path) -> AsyncIterator[NatsServer]:
    async with NatsServer(tmp_path) as server:
        yield server


@pytest.fixture
def tokens() -> FakeTokens:
    return FakeTokens(SystemClock())
