"""A migrated auth database and what works on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Connection, select, update

from kit.db.database import Database
from kit.db.uow import Units
from kit.errors import DomainError
from kit.events.envelope import EventSource
from kit.ids import RandomIds
from kit.rpc.tokens import TokenVerifier
from services.auth.config import LoginSettings
from services.auth.crypto.keys import key_ring, read_or_create_key
from services.auth.crypto.passwords import Argon2Hasher
from services.auth.crypto.tokens import JwtIssuer
from services.auth.domain.materials import Profile
from services.auth.domain.users import AccessTokenClaims, User
from services.auth.events import AuthEvents
from services.auth.store.activity_pages import ActivityPages
from services.auth.store.audit_records import AuditPages
from services.auth.store.tables import EVENT_TABLES, USERS
from services.auth.store.uow import AuthUnit
from services.auth.store.user_pages import UserPages
from services.auth.usecases.activities import ActivityReader
from services.auth.usecases.audit import AuditReader
from services.auth.usecases.login_guard import LoginGuard
from services.auth.usecases.materials import MaterialKeeper
from services.auth.usecases.passwords import PasswordChange
from services.auth.usecases.ports import PasswordHasher
from services.auth.usecases.recent_revocations import RecentRevocations
from services.auth.usecases.registration import Registration
from services.auth.usecases.sessions import Sessions
from services.auth.usecases.user_admin import UserAdmin
from services.auth.usecases.user_lists import UserLists
from services.auth.usecases.users import UserReader
from services.auth.workers.activity_projection import ActivityProjection
from services.auth.workers.audit_projection import AuditProjection
from services.auth.workers.projections import Projections
from tests.fakes.clock import FakeClock
from tests.store.migrated import migrated_database
from voxreel.common.v1.event_pb2 import EventEnvelope

PASSWORD = "password123"


@dataclass
class Auth:
    """Auth without transport."""

    database: Database
    clock: FakeClock
    units: Units[AuthUnit]
    hasher: Argon2Hasher
    registration: Registration
    sessions: Sessions
    sessions_with: Callable[[PasswordHasher], Sessions]
    passwords: PasswordChange
    users: UserReader
    materials: MaterialKeeper
    admin: UserAdmin
    lists: UserLists
    activities: ActivityReader
    projections: Projections
    audit: AuditReader
    revocations: RecentRevocations
    verifier: TokenVerifier
    issuer: JwtIssuer
    own_events: AuthEvents

    async def profile(self, claims: AccessTokenClaims) -> User:
        """The holder of a token. Raises what is answered in its place."""
        return (await self.whole_profile(claims)).user

    async def whole_profile(self, claims: AccessTokenClaims) -> Profile:
        """The same with the material lists."""
        (found,) = await self.users.profiles([claims])
        if isinstance(found, DomainError):
            raise found
        return found

    async def log_in(self, account: str, password: str = PASSWORD) -> AccessTokenClaims:
        """The access token of a new login."""
        login = await self.sessions.login(account, password, client_address="")
        return self.claims(login.access.token)

    async def add_user(self, account: str) -> AccessTokenClaims:
        """A new user, logged in."""
        await self.registration.register(account, PASSWORD)
        return await self.log_in(account)

    async def add_admin(self, account: str) -> AccessTokenClaims:
        """A new administrator, logged in."""
        await self.registration.ensure_admin(account, PASSWORD)
        return await self.log_in(account)

    def claims(self, token: str) -> AccessTokenClaims:
        """What a token says, verified."""
        principal = self.verifier.verify(token)
        return AccessTokenClaims(principal.user_id, principal.token_id, principal.issued_at)

    async def freeze(self, account: str) -> None:
        statement = update(USERS).where(USERS.c.account == account).values(status="frozen")
        await self.database.write(lambda connection: connection.execute(statement) and None)

    async def set_password_hash(self, account: str, password_hash: str) -> None:
        statement = update(USERS).where(USERS.c.account == account).values(password_hash=password_hash)
        await self.database.write(lambda connection: connection.execute(statement) and None)

    async def password_hash(self, account: str) -> str:
        statement = select(USERS.c.password_hash).where(USERS.c.account == account)
        return await self.database.read(lambda connection: str(connection.scalar(statement)))

    async def events(self) -> list[EventEnvelope]:
        """What is in the outbox, oldest first."""

        def read(connection: Connection) -> list[bytes]:
            outbox = EVENT_TABLES.outbox
            return list(connection.scalars(select(outbox.c.payload).order_by(outbox.c.id)))

        return [EventEnvelope.FromString(body) for body in await self.database.read(read)]

    async def event_types(self) -> list[str]:
        """Sorted: events of one millisecond are in no particular order."""
        return sorted(envelope.type.rpartition(".")[2] for envelope in await self.events())


@pytest.fixture
async def auth(database_url: str, tmp_path: Path) -> AsyncIterator[Auth]:
    clock, ids = FakeClock(), RandomIds()
    keys = key_ring(read_or_create_key(tmp_path / "keys" / "signing_key.pem"), "")
    verifier = TokenVerifier(clock)
    verifier.set_keys({key.key_id: key.pem for key in keys.public_keys})
    hasher = await Argon2Hasher.open(queue_limit=64)
    async with migrated_database(database_url, "auth") as database:
        units = Units(database, AuthUnit)
        events = AuthEvents(EventSource("auth", ids, clock))

        guard = LoginGuard(LoginSettings().limits(), clock)

        def sessions_with(hasher: PasswordHasher) -> Sessions:
            return Sessions(units, hasher, issuer=JwtIssuer(keys, ids), guard=guard, events=events, clock=clock)

        yield Auth(
            database=database,
            clock=clock,
            units=units,
            hasher=hasher,
            registration=Registration(units, hasher, events=events, clock=clock, ids=ids),
            sessions=sessions_with(hasher),
            sessions_with=sessions_with,
            passwords=PasswordChange(units, hasher, events=events, clock=clock),
            users=UserReader(units),
            materials=MaterialKeeper(units, events=events, clock=clock),
            admin=UserAdmin(units, hasher, events=events, clock=clock),
            lists=UserLists(units, UserPages(database)),
            activities=ActivityReader(units, ActivityPages(database)),
            projections=Projections(units, clock, (ActivityProjection(), AuditProjection())),
            audit=AuditReader(units, AuditPages(database)),
            revocations=RecentRevocations(units),
            verifier=verifier,
            issuer=JwtIssuer(keys, ids),
            own_events=events,
        )
    await hasher.close()
