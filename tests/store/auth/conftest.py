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
from services.auth.crypto.keys import key_ring, read_or_create_key
from services.auth.crypto.passwords import Argon2Hasher
from services.auth.crypto.tokens import JwtIssuer
from services.auth.domain.users import AccessTokenClaims, User
from services.auth.events import AuthEvents
from services.auth.store.tables import EVENT_TABLES, USERS
from services.auth.store.uow import AuthUnit
from services.auth.usecases.passwords import PasswordChange
from services.auth.usecases.ports import PasswordHasher
from services.auth.usecases.registration import Registration
from services.auth.usecases.sessions import Sessions
from services.auth.usecases.users import UserReader
from tests.fakes.clock import FakeClock
from tests.store.migrated import migrated_database
from voxreel.common.v1.event_pb2 import EventEnvelope


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
    verifier: TokenVerifier

    async def profile(self, claims: AccessTokenClaims) -> User:
        """The holder of a token. Raises what is answered in its place."""
        (found,) = await self.users.profiles([claims])
        if isinstance(found, DomainError):
            raise found
        return found

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

        def sessions_with(hasher: PasswordHasher) -> Sessions:
            return Sessions(units, hasher, issuer=JwtIssuer(keys, ids), events=events, clock=clock)

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
            verifier=verifier,
        )
    await hasher.close()
