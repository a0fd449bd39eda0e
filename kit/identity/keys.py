"""Keeps a TokenVerifier supplied with the public keys of the auth service."""

from __future__ import annotations

import asyncio

from kit.errors import DomainError
from kit.events.backoff import Backoff
from kit.events.waiting import wait_any
from kit.rpc.client import Peer
from kit.rpc.status import service_unavailable
from kit.rpc.tokens import TokenVerifier
from voxreel.common.v1 import key_service_pb2 as messages
from voxreel.common.v1 import key_service_pb2_grpc

_RETRY = Backoff(first_s=0.05, cap_s=2.0)
_REFRESH_S = 300.0
# A token with an invented key id must not become a call to the auth service each time.
_SHORTEST_REFRESH_S = 2.0


class KeyKeeper:
    """Fetches the keys until it has them, then every few minutes and when a token names an unknown one."""

    def __init__(self, auth: Peer, verifier: TokenVerifier) -> None:
        self._keys = auth.stub(key_service_pb2_grpc.KeyServiceStub)
        self._verifier = verifier
        self._has_keys = False

    @property
    def has_keys(self) -> bool:
        """Whether the verifier was ever given keys."""
        return self._has_keys

    async def check(self) -> None:
        """Raises Unavailable until there are keys."""
        if not self._has_keys:
            raise service_unavailable()

    async def step(self) -> None:
        """One fetch. Raises DomainError when the auth service cannot be asked."""
        self._verifier.misses_key.clear()
        response = await self._keys.ListVerificationKeys(messages.ListVerificationKeysRequest())
        self._verifier.set_keys({key.key_id: key.public_key_pem for key in response.keys})
        self._has_keys = True

    async def run(self, stop: asyncio.Event) -> None:
        """Runs until stopped."""
        failures = 0
        while not stop.is_set():
            try:
                await self.step()
            except DomainError:
                failures += 1
                await wait_any(stop, timeout_s=_RETRY.delay_s(failures))
                continue
            failures = 0
            await wait_any(stop, timeout_s=_SHORTEST_REFRESH_S)
            await wait_any(stop, self._verifier.misses_key, timeout_s=_REFRESH_S)
