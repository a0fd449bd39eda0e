"""Accounts and profiles."""

from __future__ import annotations

from typing import NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from edge.endpoint import In

_ACCOUNT = r"^[A-Za-z0-9_-]+$"


class RegisterIn(In):
    account: str = Field(min_length=3, max_length=32, pattern=_ACCOUNT, description="字母、数字、_ 或 -")
    password: str = Field(min_length=8, max_length=128)
    confirm_password: str = Field(max_length=128, description="与 password 相同")


class LoginIn(In):
    # Not checked by the rules of registration: what is wrong here is wrong credentials.
    account: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=128)


class RefreshIn(In):
    refresh_token: str = Field(min_length=1, max_length=4096)


class ChangePasswordIn(In):
    current_password: str = Field(min_length=1, max_length=128)
    new_password: str = Field(min_length=8, max_length=128)


class LoginOut(TypedDict):
    access_token: str
    refresh_token: str
    token_type: str
    expires_in: int


class RefreshOut(TypedDict):
    access_token: str
    token_type: str
    # Beyond the contract.
    expires_in: NotRequired[int]


class ProfileOut(TypedDict):
    id: int
    account: str
    is_admin: bool
    is_active: bool
    credits: int
    works: list[str]
    digital_human_materials: list[str]
    background_materials: list[str]
    voice_tones: list[str]
    bgm_materials: list[str]
    created_at: str
    updated_at: str
    last_login_at: str | None


class MessageOut(TypedDict):
    message: str
