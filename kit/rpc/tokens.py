"""Verification of access tokens: EdDSA JWTs of the auth service, checked with its public keys and no call to it."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from kit.clock import Clock
from kit.errors import DomainError, Forbidden, Unauthenticated
from kit.rpc.context import Principal
from voxreel.common.v1 import error_reason_pb2 as reasons

ISSUER = "voxreel"
ALGORITHM = "EdDSA"
ACCESS_TYPE = "access"
_CACHE_LIMIT = 20_000
_REVOCATION_LIMIT = 100_000


@dataclass(frozen=True, slots=True)
class _Verified:
    principal: Principal
    expires_at: float


@dataclass(frozen=True, slots=True)
class _Revocation:
    not_before: datetime
    kept_token_id: str
    is_frozen: bool


def _invalid() -> Unauthenticated:
    return Unauthenticated(reasons.ERROR_REASON_TOKEN_INVALID, "令牌无效，请重新登录")


def _frozen() -> Forbidden:
    return Forbidden(reasons.ERROR_REASON_ACCOUNT_FROZEN, "账号已被冻结")


def _expired() -> Unauthenticated:
    return Unauthenticated(reasons.ERROR_REASON_TOKEN_EXPIRED, "登录已过期，请重新登录")


class TokenVerifier:
    """Answers whose token it is. Verified tokens are remembered until they expire or are revoked."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._keys: dict[str, Ed25519PublicKey] = {}
        self._verified: OrderedDict[str, _Verified] = OrderedDict()
        self._revoked: OrderedDict[int, _Revocation] = OrderedDict()
        # Set when a token names a key that is not known; who keeps the keys waits for it.
        self.misses_key = asyncio.Event()

    def set_keys(self, keys: Mapping[str, str]) -> None:
        """Replaces the keys, PEM by key id, and forgets what was verified with keys that are gone."""
        loaded: dict[str, Ed25519PublicKey] = {}
        for key_id, pem in keys.items():
            key = load_pem_public_key(pem.encode())
            if not isinstance(key, Ed25519PublicKey):
                raise ValueError(f"key {key_id} is not an Ed25519 key")
            loaded[key_id] = key
        if self._keys.keys() - loaded.keys():
            self._verified.clear()
        self._keys = loaded

    def revoke(self, user_id: int, *, not_before: datetime, kept_token_id: str = "", is_frozen: bool = False) -> None:
        """Voids the user's tokens issued before a time, except one; `is_frozen` says that this is why.

        Repeating it, or an older one, changes nothing.
        """
        known = self._revoked.get(user_id)
        if known is not None and known.not_before >= not_before:
            return
        self._revoked[user_id] = _Revocation(not_before, kept_token_id, is_frozen)
        if len(self._revoked) > _REVOCATION_LIMIT:
            self._revoked.popitem(last=False)
        self._verified = OrderedDict(
            (token, verified) for token, verified in self._verified.items() if verified.principal.user_id != user_id
        )

    def verify(self, token: str) -> Principal:
        """The principal of a token. Raises Unauthenticated: TOKEN_EXPIRED or TOKEN_INVALID; Forbidden:
        ACCOUNT_FROZEN."""
        verified = self._verified.get(token)
        if verified is None:
            verified = self._check(token)
            self._verified[token] = verified
            if len(self._verified) > _CACHE_LIMIT:
                self._verified.popitem(last=False)
        if verified.expires_at <= self._clock.now().timestamp():
            self._verified.pop(token, None)
            raise _expired()
        return verified.principal

    def _check(self, token: str) -> _Verified:
        try:
            key_id = str(jwt.get_unverified_header(token).get("kid", ""))
            key = self._keys.get(key_id)
            if key is None:
                self.misses_key.set()
                raise _invalid()
            # Expiry is judged by the injected clock.
            claims = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                issuer=ISSUER,
                options={"require": ["exp", "iat", "sub", "jti"], "verify_exp": False, "verify_iat": False},
            )
            if claims.get("typ") != ACCESS_TYPE:
                raise _invalid()
            principal = Principal(
                user_id=int(claims["sub"]),
                account=str(claims["acc"]),
                is_admin=bool(claims["adm"]),
                token_id=str(claims["jti"]),
                issued_at=datetime.fromtimestamp(float(claims["iat"]), UTC),
            )
            expires_at = float(claims["exp"])
        except DomainError:
            raise
        except (jwt.InvalidTokenError, KeyError, ValueError, TypeError, OverflowError) as error:
            raise _invalid() from error
        revocation = self._revoked.get(principal.user_id)
        if (
            revocation is not None
            and principal.issued_at < revocation.not_before
            and principal.token_id != revocation.kept_token_id
        ):
            raise _frozen() if revocation.is_frozen else _expired()
        return _Verified(principal, expires_at)
