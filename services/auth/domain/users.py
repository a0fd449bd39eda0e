"""Users."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.auth.domain.accounts import AccountKey, account_key
from services.auth.domain.errors import access_revoked, account_frozen


@dataclass(frozen=True, slots=True)
class Revocation:
    """Voids the access tokens issued before a time, except the one named. Empty names none."""

    not_before: datetime
    kept_token_id: str


class UserStatus(StrEnum):
    """Whether a user may use the platform. The values are stored."""

    ACTIVE = "active"
    FROZEN = "frozen"


@dataclass(frozen=True, slots=True)
class AccessTokenClaims:
    """What a verified access token says about itself."""

    user_id: int
    token_id: str
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class User:
    """A user as others may know it."""

    id: int
    uuid: str
    account: str
    is_admin: bool
    status: UserStatus
    create_time: datetime
    update_time: datetime
    last_login_time: datetime | None
    revocation: Revocation | None

    def require_access(self, token: AccessTokenClaims) -> None:
        """Raises Unauthenticated (TOKEN_EXPIRED) for a void token, Forbidden (ACCOUNT_FROZEN) for a frozen user."""
        self.require_active()
        revoked = self.revocation
        if revoked is None or token.token_id == revoked.kept_token_id:
            return
        if token.issued_at < revoked.not_before:
            raise access_revoked()

    def require_active(self) -> None:
        """Raises Forbidden (ACCOUNT_FROZEN) for a frozen user."""
        if self.status is UserStatus.FROZEN:
            raise account_frozen()


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user and what their password is checked against."""

    user: User
    password_hash: str


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user to be added."""

    uuid: str
    account: str
    password_hash: str
    is_admin: bool
    create_time: datetime

    @property
    def account_key(self) -> AccountKey:
        return account_key(self.account)
