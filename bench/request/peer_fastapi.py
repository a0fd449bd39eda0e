"""What a team would write instead of Voxreel for the same request: one FastAPI process with JWT and SQLAlchemy.

Run by uvicorn with uvloop and httptools. Environment: PEER_DATABASE (a file), PEER_SECRET.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated

import jwt
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

SECRET = os.environ["PEER_SECRET"]
engine = create_async_engine(f"sqlite+aiosqlite:///{os.environ['PEER_DATABASE']}")
sessions = async_sessionmaker(engine, expire_on_commit=False)
bearer = HTTPBearer()


class Base(DeclarativeBase):
    pass


class UserRow(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(unique=True)
    is_admin: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    credits: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    last_login_at: Mapped[datetime | None]


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
        await connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        await connection.run_sync(Base.metadata.create_all)
    now = datetime.now(UTC)
    async with sessions() as session:
        session.add(UserRow(account="bench", credits=1000, created_at=now, updated_at=now, last_login_at=now))
        await session.commit()
    yield


app = FastAPI(lifespan=lifespan)


async def get_session() -> AsyncIterator[AsyncSession]:
    async with sessions() as session:
        yield session


async def get_user(
    credentials: Annotated[HTTPAuthorizationCredentials, Depends(bearer)],
    session: Annotated[AsyncSession, Depends(get_session)],
) -> UserRow:
    try:
        claims = jwt.decode(credentials.credentials, SECRET, algorithms=["HS256"])
    except jwt.InvalidTokenError as error:
        raise HTTPException(401) from error
    user = (await session.execute(select(UserRow).where(UserRow.id == int(claims["sub"])))).scalar_one_or_none()
    if user is None:
        raise HTTPException(401)
    return user


@app.get("/api/user/profile")
async def profile(user: Annotated[UserRow, Depends(get_user)]) -> Profile:
    return Profile.model_validate(user, from_attributes=True)
