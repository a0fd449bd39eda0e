"""Access tokens: JWT (RFC 7519) signed with Ed25519 (RFC 8037)."""

from __future__ import annotations

from datetime import datetime

import jwt

from kit.ids import IdSource
from services.auth.crypto.keys import KeyRing
from services.auth.domain.users import User

ISSUER = "voxreel"
ACCESS = "access"


class JwtIssuer:
    """Signs access tokens with the ring's signing key."""

    def __init__(self, keys: KeyRing, ids: IdSource) -> None:
        self._keys = keys
        self._ids = ids

    def issue(self, user: User, *, issued_at: datetime, expires_at: datetime) -> str:
        """`iat` keeps the microseconds (a NumericDate may have a fraction), so that a token made in the same
        second as a revocation is on the right side of it."""
        claims = {
            "iss": ISSUER,
            "typ": ACCESS,
            "sub": str(user.id),
            "acc": user.account,
            "adm": user.is_admin,
            "jti": self._ids.random(),
            "iat": issued_at.timestamp(),
            "exp": int(expires_at.timestamp()),
        }
        return jwt.encode(claims, self._keys.signing_key, algorithm="EdDSA", headers={"kid": self._keys.signing_key_id})
