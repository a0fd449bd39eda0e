"""What the use cases need from cryptography."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

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


class AccessTokenIssuer(Protocol):
    """Signs access tokens."""

    def issue(self, user: User, *, issued_at: datetime, expires_at: datetime) -> str:
        """A token that says who the user is. `issued_at` keeps its microseconds."""
        ...
