"""Accounts, tokens and profiles."""

from __future__ import annotations

from typing import Any

from edge.endpoint import Access, Endpoint, NoInput, RateClass, Source
from edge.platform_api.handlers import user
from edge.platform_api.models.users import (
    ChangePasswordIn,
    LoginIn,
    LoginOut,
    MessageOut,
    ProfileOut,
    RefreshIn,
    RefreshOut,
    RegisterIn,
)

TAG = "用户"

ENDPOINTS: tuple[Endpoint[Any], ...] = (
    Endpoint(
        method="POST",
        path="/api/user/register",
        access=Access.PUBLIC,
        input=RegisterIn,
        source=Source.BODY,
        handler=user.register,
        output=ProfileOut,
        tag=TAG,
        rate=RateClass.CREDENTIALS,
    ),
    Endpoint(
        method="POST",
        path="/api/user/login",
        access=Access.PUBLIC,
        input=LoginIn,
        source=Source.BODY,
        handler=user.login,
        output=LoginOut,
        tag=TAG,
        rate=RateClass.CREDENTIALS,
    ),
    Endpoint(
        method="POST",
        path="/api/user/refresh",
        access=Access.PUBLIC,
        input=RefreshIn,
        source=Source.BODY,
        handler=user.refresh,
        output=RefreshOut,
        tag=TAG,
        rate=RateClass.CREDENTIALS,
    ),
    Endpoint(
        method="GET",
        path="/api/user/profile",
        access=Access.USER,
        input=NoInput,
        handler=user.profile,
        output=ProfileOut,
        tag=TAG,
    ),
    Endpoint(
        method="PUT",
        path="/api/user/password",
        access=Access.USER,
        input=ChangePasswordIn,
        source=Source.BODY,
        handler=user.change_password,
        output=MessageOut,
        tag=TAG,
        rate=RateClass.CREDENTIALS,
    ),
)
