"""Login by phone, who is logged in, and invite codes."""

from __future__ import annotations

from typing import Any

from edge.dubbing_api.handlers import credits, users
from edge.dubbing_api.models.credits import InviteUsedOut, UseInviteIn
from edge.dubbing_api.models.users import MeOut
from edge.endpoint import Access, Dialect, Endpoint, NoInput, Source

TAG = "配音 · 认证"

ENDPOINTS: tuple[Endpoint[Any], ...] = (
    Endpoint(
        method="POST",
        path="/api/auth/use-invite-code",
        access=Access.USER,
        input=UseInviteIn,
        source=Source.BODY,
        handler=credits.use_invite_code,
        output=InviteUsedOut,
        tag=TAG,
        dialect=Dialect.DUBBING,
        is_keyed=True,
        refusals=(404,),
    ),
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
