"""Login by phone, and who is logged in."""

from __future__ import annotations

from typing import Any

from edge.dubbing_api.handlers import users
from edge.dubbing_api.models.users import MeOut
from edge.endpoint import Access, Dialect, Endpoint, NoInput

TAG = "配音 · 认证"

ENDPOINTS: tuple[Endpoint[Any], ...] = (
    Endpoint(
        method="GET",
        path="/api/auth/me",
        access=Access.USER,
        input=NoInput,
        handler=users.me,
        output=MeOut,
        tag=TAG,
        dialect=Dialect.DUBBING,
    ),
)
