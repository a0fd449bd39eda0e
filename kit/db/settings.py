"""How a service reaches its database."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class DatabaseSettings(BaseModel):
    """One database of one service. SQLite carries one replica, PostgreSQL any number."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: SecretStr = Field(
        default=SecretStr(""),
        description="`sqlite:///PATH` or `postgresql+psycopg://USER:PASSWORD@HOST/NAME`; "
        "empty means a SQLite file in the data directory.",
    )
    synchronous: Literal["NORMAL", "FULL"] = Field(
        default="NORMAL",
        description="SQLite only. FULL survives the loss of power, NORMAL may lose the last commits then.",
    )
    write_connections: int = Field(
        default=4, ge=1, le=32, description="PostgreSQL only: transactions that run at the same time."
    )
    read_connections: int = Field(
        default=2, ge=1, le=32, description="PostgreSQL only: hot reads that run at the same time."
    )
    statement_timeout_ms: int = Field(
        default=5000,
        ge=100,
        description="The longest a statement may take (PostgreSQL), or wait for another process's lock (SQLite).",
    )
