"""What a team would write instead of Voxreel for the same requests: one FastAPI process with JWT and SQLModel.

Run by uvicorn with uvloop and httptools. Environment: PEER_DATABASE (a file), PEER_SECRET,
PEER_PASSWORD (that of its users).
"""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

import jwt
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from fastapi import Depends, FastAPI, HTTPException
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel
from sqlalchemy import event, func
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import Field, SQLModel, select
from sqlmodel.ext.asyncio.session import AsyncSession

SECRET = os.environ["PEER_SECRET"]
engine = create_async_engine(f"sqlite+aiosqlite:///{os.environ['PEER_DATABASE']}")
bearer = HTTPBearer()
PASSWORD = os.environ["PEER_PASSWORD"]
TOKEN_LIFE_S = 3600
# As Voxreel hashes (`services/auth/crypto/passwords.py`).
hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


@event.listens_for(engine.sync_engine, "connect")
def with_full_flush(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")


class UserRow(SQLModel, table=True):
    __tablename__ = "users"
    id: int | None = Field(default=None, primary_key=True)
    account: str = Field(unique=True)
    password_hash: str
    is_admin: bool = False
    is_active: bool = True
    credits: int = 0
    created_at: datetime
    updated_at: datetime
    last_login_at: datetime | None


class EntryRow(SQLModel, table=True):
    __tablename__ = "entries"
    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="users.id", index=True)
    credits: int
    balance_before: int
    balance_after: int
    description: str
    created_at: datetime


class TaskRow(SQLModel, table=True):
    __tablename__ = "tasks"
    id: str = Field(primary_key=True)
    user_id: int = Field(foreign_key="users.id", index=True)
    kind: str
    state: str
    file_id: str
    file_size_bytes: int
    format: str
    created_at: datetime
    completed_at: datetime | None


class PriceRow(SQLModel, table=True):
    __tablename__ = "prices"
    key: str = Field(primary_key=True)
    name: str
    credits: int


class VoiceRow(SQLModel, table=True):
    __tablename__ = "voices"
    name: str = Field(primary_key=True)
    gender: str


class TaskResult(BaseModel):
    file_id: str
    file_size_mb: float
    format: str


class TaskStatus(BaseModel):
    task_id: str
    status: str
    result: TaskResult
    created_at: datetime
    completed_at: datetime | None


class Presets(BaseModel):
    female: list[str]
    male: list[str]


class Voices(BaseModel):
    preset_voices: Presets
    cloned_voices: list[str] = []
    total_count: int


class Feature(BaseModel):
    name: str
    credits_cost: int
    available_times: int
    sufficient_credits: bool
    implemented: bool


class Features(BaseModel):
    user_credits: int
    features: dict[str, Feature]


class Balance(BaseModel):
    balance: int
    total_earned: int
    total_spent: int
    expires_at: datetime | None


class Enveloped(BaseModel):
    code: int = 200
    message: str = "success"
    data: Balance


class LoginIn(BaseModel):
    account: str
    password: str


class Tokens(BaseModel):
    access_token: str
    refresh_token: str
    token_type: str = "bearer"
    expires_in: int = TOKEN_LIFE_S


class Change(BaseModel):
    credits: int
    operation: str
    reason: str


class Changed(BaseModel):
    message: str
    user_id: int
    balance_before: int
    balance_after: int


class Profile(BaseModel):
    id: int
    account: str
    is_admin: bool
    is_active: bool
    credits: int
    works: list[str] = []
    digital_human_materials: list[str] = []
    background_materials: list[str] = []
    voice_tones: list[str] = []
    bgm_materials: list[str] = []
    created_at: datetime
    updated_at: datetime
    last_login_at: datetime | None


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    async with engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)
    now = datetime.now(UTC)
    password_hash = await run_in_threadpool(hasher.hash, PASSWORD)
    async with AsyncSession(engine) as session:
        for account, is_admin in (("admin", True), ("bench-user", False)):
            session.add(
                UserRow(
                    account=account,
                    password_hash=password_hash,
                    is_admin=is_admin,
                    credits=2**40,
                    created_at=now,
                    updated_at=now,
                    last_login_at=now,
                )
            )
            await session.commit()
        session.add(
            TaskRow(
                id="tts_1",
                user_id=1,
                kind="TTS",
                state="completed",
                file_id="audio_1",
                file_size_bytes=2_621_440,
                format="wav",
                created_at=now,
                completed_at=now,
            )
        )
        session.add_all(PriceRow(key=f"feature_{number}", name="功能", credits=10 * number) for number in range(1, 7))
        session.add_all(VoiceRow(name=f"voice_{at}", gender="male" if at % 2 else "female") for at in range(12))
        await session.commit()
    yield


app = FastAPI(lifespan=lifespan)
# SQLite has one writer at a time: those who wait here wait less than they would for its lock.
writing = asyncio.Lock()


async def get_session() -> AsyncIterator[AsyncSession]:
    async with AsyncSession(engine, expire_on_commit=False) as session:
        yield session


async def get_user(
    credentials: Annotated[HTTPAuthorizationCredentials, Depends(bearer)],
    session: Annotated[AsyncSession, Depends(get_session)],
) -> UserRow:
    try:
        claims = jwt.decode(credentials.credentials, SECRET, algorithms=["HS256"])
    except jwt.InvalidTokenError as error:
        raise HTTPException(401) from error
    user = await session.get(UserRow, int(claims["sub"]))
    if user is None:
        raise HTTPException(401)
    return user


@app.post("/api/user/login")
async def login(given: LoginIn, session: Annotated[AsyncSession, Depends(get_session)]) -> Tokens:
    user = (await session.exec(select(UserRow).where(UserRow.account == given.account))).one_or_none()
    if user is None:
        raise HTTPException(401)
    try:
        await run_in_threadpool(hasher.verify, user.password_hash, given.password)
    except VerificationError as error:
        raise HTTPException(401) from error
    async with writing:
        user.last_login_at = datetime.now(UTC)
        await session.commit()
    claims = {"sub": str(user.id), "exp": time.time() + TOKEN_LIFE_S}
    return Tokens(access_token=jwt.encode(claims, SECRET, algorithm="HS256"), refresh_token=secrets.token_urlsafe(32))


@app.get("/api/user/profile")
async def profile(user: Annotated[UserRow, Depends(get_user)]) -> Profile:
    return Profile.model_validate(user, from_attributes=True)


@app.get("/api/task/{task_id}")
async def task(task_id: str, session: Annotated[AsyncSession, Depends(get_session)]) -> TaskStatus:
    found = await session.get(TaskRow, task_id)
    if found is None:
        raise HTTPException(404)
    result = TaskResult(
        file_id=found.file_id, file_size_mb=round(found.file_size_bytes / 2**20, 2), format=found.format
    )
    return TaskStatus(
        task_id=found.id,
        status=found.state,
        result=result,
        created_at=found.created_at,
        completed_at=found.completed_at,
    )


@app.get("/api/tts/voices")
async def voices(session: Annotated[AsyncSession, Depends(get_session)]) -> Voices:
    rows = (await session.exec(select(VoiceRow))).all()
    female = [row.name for row in rows if row.gender == "female"]
    male = [row.name for row in rows if row.gender == "male"]
    return Voices(preset_voices=Presets(female=female, male=male), total_count=len(rows))


@app.get("/api/user/credits/features")
async def prices(
    user: Annotated[UserRow, Depends(get_user)], session: Annotated[AsyncSession, Depends(get_session)]
) -> Features:
    rows = (await session.exec(select(PriceRow))).all()
    features = {
        row.key: Feature(
            name=row.name,
            credits_cost=row.credits,
            available_times=user.credits // row.credits,
            sufficient_credits=user.credits >= row.credits,
            implemented=True,
        )
        for row in rows
    }
    return Features(user_credits=user.credits, features=features)


@app.get("/api/credits/balance")
async def balance(
    user: Annotated[UserRow, Depends(get_user)], session: Annotated[AsyncSession, Depends(get_session)]
) -> Enveloped:
    gained = await session.exec(
        select(func.coalesce(func.sum(EntryRow.credits), 0)).where(EntryRow.user_id == user.id, EntryRow.credits > 0)
    )
    spent = await session.exec(
        select(func.coalesce(func.sum(-EntryRow.credits), 0)).where(EntryRow.user_id == user.id, EntryRow.credits < 0)
    )
    return Enveloped(
        data=Balance(balance=user.credits, total_earned=gained.one(), total_spent=spent.one(), expires_at=None)
    )


async def move(session: AsyncSession, user_id: int, credits: int, description: str) -> Changed:
    async with writing:
        # What the session read before it waited may be old.
        found = await session.exec(
            select(UserRow).where(UserRow.id == user_id).execution_options(populate_existing=True)
        )
        user = found.one_or_none()
        if user is None:
            raise HTTPException(404)
        before = user.credits
        if before + credits < 0:
            raise HTTPException(402)
        user.credits += credits
        session.add(user)
        session.add(
            EntryRow(
                user_id=user_id,
                credits=credits,
                balance_before=before,
                balance_after=user.credits,
                description=description,
                created_at=datetime.now(UTC),
            )
        )
        await session.commit()
    return Changed(message="ok", user_id=user_id, balance_before=before, balance_after=user.credits)


@app.post("/api/user/admin/users/{user_id}/credits/recharge")
async def recharge(
    user_id: int,
    amount: int,
    description: str,
    admin: Annotated[UserRow, Depends(get_user)],
    session: Annotated[AsyncSession, Depends(get_session)],
) -> Changed:
    if not admin.is_admin:
        raise HTTPException(403)
    return await move(session, user_id, amount, description)


@app.put("/api/user/admin/users/{user_id}/credits")
async def change(
    user_id: int,
    given: Change,
    admin: Annotated[UserRow, Depends(get_user)],
    session: Annotated[AsyncSession, Depends(get_session)],
) -> Changed:
    if not admin.is_admin:
        raise HTTPException(403)
    credits = given.credits if given.operation == "add" else -given.credits
    return await move(session, user_id, credits, given.reason)
