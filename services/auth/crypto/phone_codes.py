"""Codes for phones, and what is kept of them: there are too few numbers and codes for bare hashes."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.auth.domain.phones import CODE_DIGITS, Phone

_NO_CODE = "0" * 64


class KeyedCodes:
    """Hashes with a key that whoever copies the database does not have."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def of_signing_key(cls, signing_key: Ed25519PrivateKey) -> KeyedCodes:
        """With a key drawn from the one that all replicas have. When that changes, codes on their way are void."""
        return cls(hmac.digest(signing_key.private_bytes_raw(), b"voxreel phone codes", "sha256"))

    def draw(self) -> str:
        """A code of six digits from a cryptographic source."""
        return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"

    def digest_of(self, phone: Phone) -> str:
        """HMAC-SHA256 in hex."""
        return self._digest("phone", phone)

    def hash_code(self, phone: Phone, code: str) -> str:
        """HMAC-SHA256 in hex, of the code with its number."""
        return self._digest("code", phone, code)

    def is_right(self, code_hash: str | None, phone: Phone, code: str) -> bool:
        """Compares in constant time; None is compared with what no code has for a hash."""
        return hmac.compare_digest(code_hash or _NO_CODE, self.hash_code(phone, code))

    def _digest(self, *parts: str) -> str:
        text = "\0".join(parts).encode(errors="surrogatepass")
        return hmac.new(self._key, text, hashlib.sha256).hexdigest()
