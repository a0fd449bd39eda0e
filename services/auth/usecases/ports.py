"""What the use cases need from cryptography and from the world."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from services.auth.domain.phones import Phone
from services.auth.domain.users import User


class PasswordHasher(Protocol):
    """Slow on purpose. Every method raises RateLimited (TOO_MANY_REQUESTS) when too many wait for it."""

    async def hash(self, password: str) -> str:
        """A salted hash that names its own parameters."""
        ...

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether the password is right. None, for an unknown account, takes as long and is never right."""
        ...

    def needs_rehash(self, password_hash: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        ...


class CodeSecrets(Protocol):
    """Draws codes, and keeps numbers and codes from whoever reads the database."""

    def draw(self) -> str:
        """A code of six digits that nobody can foresee."""
        ...

    def digest_of(self, phone: Phone) -> str:
        """What stands for a number, 64 characters."""
        ...

    def hash_code(self, phone: Phone, code: str) -> str:
        """What is kept of a code, 64 characters."""
        ...

    def is_right(self, code_hash: str | None, phone: Phone, code: str) -> bool:
        """Whether it is the hash of the code. None, for a number without a code, takes as long and is never right."""
        ...


class CodeSender(Protocol):
    """Brings codes to phones."""

    async def send(self, phone: Phone, code: str) -> None:
        """Returns when the message was taken. Raises Unavailable (SMS_UNAVAILABLE), within ten seconds."""
        ...


class AccessTokenIssuer(Protocol):
    """Signs access tokens."""

    def issue(self, user: User, *, issued_at: datetime, expires_at: datetime) -> str:
        """A token that says who the user is. `issued_at` keeps its microseconds."""
        ...
