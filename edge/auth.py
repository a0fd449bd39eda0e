"""Who calls: the bearer token of a request, verified without asking anybody."""

from __future__ import annotations

import asyncio

from kit.clock import Clock
from kit.errors import DomainError, Unauthenticated
from kit.identity.keys import KeyKeeper
from kit.rpc.context import Principal
from kit.rpc.status import service_unavailable
from kit.rpc.tokens import TokenVerifier
from voxreel.common.v1 import error_reason_pb2 as reasons

_SCHEME = "bearer "
# A token with an invented key id must not become a call to the auth service each time.
_SHORTEST_REFETCH_S = 3.0


def bearer_token(header: str | None) -> str:
    """The token of an `Authorization` header. Raises Unauthenticated."""
    if not header:
        raise Unauthenticated(reasons.ERROR_REASON_TOKEN_MISSING, "未登录")
    token = header[len(_SCHEME) :].strip()
    if header[: len(_SCHEME)].lower() != _SCHEME or not token or not token.isascii():
        raise Unauthenticated(reasons.ERROR_REASON_TOKEN_INVALID, "令牌无效")
    return token


class Authenticator:
    """Answers whose token it is. A token of a key that is not known yet makes it fetch the keys first."""

    def __init__(self, verifier: TokenVerifier, keeper: KeyKeeper, clock: Clock) -> None:
        self._verifier = verifier
        self._keeper = keeper
        self._clock = clock
        self._refetch_lock = asyncio.Lock()
        self._refetched_at = clock.monotonic() - _SHORTEST_REFETCH_S

    async def principal(self, token: str) -> Principal:
        """The principal. Raises Unauthenticated, Forbidden for a frozen user, or Unavailable when there is no key to
        verify with."""
        verifier = self._verifier
        verifier.misses_key.clear()
        try:
            return verifier.verify(token)
        except Unauthenticated:
            if not verifier.misses_key.is_set():
                raise
        await self._refetch()
        return verifier.verify(token)

    async def _refetch(self) -> None:
        async with self._refetch_lock:
            if self._clock.monotonic() - self._refetched_at < _SHORTEST_REFETCH_S:
                return
            self._refetched_at = self._clock.monotonic()
            try:
                await self._keeper.step()
            except DomainError:
                if not self._keeper.has_keys:
                    raise service_unavailable() from None
