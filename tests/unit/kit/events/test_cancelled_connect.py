"""Giving up while the broker is being looked for."""

from __future__ import annotations

import asyncio

import pytest

from kit.events.bus import BusUnavailable
from kit.events.nats_session import NatsSession

NOBODY = "nats://127.0.0.1:1"


@pytest.mark.parametrize("turns", range(40))
async def test_a_cancelled_connect_ends_cancelled_however_far_it_was(turns: int) -> None:
    connecting = asyncio.ensure_future(NatsSession.connect([NOBODY], name="test"))
    for _ in range(turns):
        await asyncio.sleep(0)
    if not connecting.cancel():
        with pytest.raises(BusUnavailable):
            await connecting
        return
    with pytest.raises(asyncio.CancelledError):
        await connecting
