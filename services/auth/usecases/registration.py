"""Opening accounts."""

from __future__ import annotations

from kit.clock import Clock
from kit.db.uow import Units
from kit.errors import AlreadyExists
from kit.ids import IdSource
from services.auth.domain.accounts import account_key, parse_account
from services.auth.domain.errors import account_taken
from services.auth.domain.passwords import check_password
from services.auth.domain.users import NewUser, User
from services.auth.events import AuthEvents
from services.auth.store.uow import AuthUnit
from services.auth.usecases.ports import PasswordHasher


class Registration:
    """Adds users: by themselves, or the first administrator at start."""

    def __init__(
        self,
        units: Units[AuthUnit],
        hasher: PasswordHasher,
        *,
        events: AuthEvents,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._units = units
        self._hasher = hasher
        self._events = events
        self._clock = clock
        self._ids = ids

    async def register(self, account: str, password: str) -> User:
        """Raises Invalid (FIELD_INVALID), AlreadyExists (ACCOUNT_TAKEN), RateLimited."""
        return await self._create(parse_account(account), password, is_admin=False)

    async def ensure_admin(self, account: str, password: str) -> User | None:
        """Adds an administrator; None when the account exists, which is then left as it is. Raises Invalid."""
        try:
            return await self._create(parse_account(account), password, is_admin=True)
        except AlreadyExists:
            return None

    async def _create(self, account: str, password: str, *, is_admin: bool) -> User:
        check_password(password)
        key = account_key(account)
        # Asked first only to spare the hash; the insert decides.
        if await self._units.read(lambda unit: unit.users.find_credentials_by_account(key)) is not None:
            raise account_taken()
        new = NewUser(
            uuid=self._ids.uuid(),
            account=account,
            password_hash=await self._hasher.hash(password),
            is_admin=is_admin,
            create_time=self._clock.now(),
        )
        return await self._units.write(lambda unit: self._add(unit, new))

    def _add(self, unit: AuthUnit, new: NewUser) -> User:
        user = unit.users.add(new)
        if user is None:
            raise account_taken()
        unit.outbox.add(self._events.registered(user))
        return user
