"""Users."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from services.auth.domain.accounts import AccountKey, account_key
from services.auth.domain.errors import access_revoked, account_frozen, admin_required
from services.auth.domain.phones import Phone

_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Revocation:
    """Voids the access tokens issued before a time, except the one named. Empty names none."""

    not_before: datetime
    kept_token_id: str
    is_frozen: bool = False


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
    phone: str | None = None

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

    def require_admin(self) -> None:
        """Raises Forbidden (ADMIN_REQUIRED) for a user who is no administrator."""
        if not self.is_admin:
            raise admin_required()

    @property
    def is_active_admin(self) -> bool:
        return self.is_admin and self.status is UserStatus.ACTIVE

    def next_revocation(self, now: datetime, *, kept_token_id: str = "") -> Revocation:
        """One that voids all tokens of before now. Later than any before it, whatever the clocks of replicas say:
        verifiers keep the latest."""
        known = self.revocation
        not_before = now if known is None else max(now, known.not_before + _INSTANT)
        return Revocation(not_before, kept_token_id, is_frozen=self.status is UserStatus.FROZEN)


@dataclass(frozen=True, slots=True)
class UserChange:
    """What an administrator sets; None stays as it is."""

    status: UserStatus | None = None
    is_admin: bool | None = None

    def applied_to(self, user: User) -> User:
        """The user as it is to be."""
        return replace(
            user,
            status=user.status if self.status is None else self.status,
            is_admin=user.is_admin if self.is_admin is None else self.is_admin,
        )


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user and what their password is checked against."""

    user: User
    password_hash: str


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user to be added. An empty hash fits no password."""

    uuid: str
    account: str
    password_hash: str
    is_admin: bool
    create_time: datetime
    phone: Phone | None = None

    @property
    def account_key(self) -> AccountKey:
        return account_key(self.account)
