"""A stack that the crash tests share: each of them leaves it whole, and the next one relies on that."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.stack.harness import Stack, stack


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def crash_stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """Started once for a module."""
    async with stack(tmp_path_factory.mktemp("crash") / "data") as running:
        yield running
