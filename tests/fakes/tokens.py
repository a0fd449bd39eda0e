"""Access tokens as the auth service makes them, signed with a key of the test's own."""

from __future__ import annotations

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from kit.clock import Clock
from kit.rpc.tokens import ACCESS_TYPE, ALGORITHM, ISSUER, TokenVerifier


class FakeTokens:
    """Issues tokens that its `verifier` accepts."""

    KEY_ID = "test-key"

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._key = Ed25519PrivateKey.generate()
        self.verifier = TokenVerifier(clock)
        self.verifier.set_keys(self.public_keys())

    def public_keys(self) -> dict[str, str]:
        public = self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return {self.KEY_ID: public.decode()}

    def issue(
        self,
        user_id: int = 7,
        *,
        account: str = "alice",
        is_admin: bool = False,
        token_id: str = "t-1",
        lifetime_s: float = 3600,
        key_id: str = KEY_ID,
        token_type: str = ACCESS_TYPE,
    ) -> str:
        now = self._clock.now().timestamp()
        claims = {
            "sub": str(user_id),
            "acc": account,
            "adm": is_admin,
            "jti": token_id,
            "iat": now,
            "exp": now + lifetime_s,
            "iss": ISSUER,
            "typ": token_type,
        }
        return jwt.encode(claims, self._key, algorithm=ALGORITHM, headers={"kid": key_id})
