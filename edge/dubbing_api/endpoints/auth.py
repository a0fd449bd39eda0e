"""Login by phone, who is logged in, and invite codes."""

from __future__ import annotations

from typing import Any

from edge.dubbing_api.handlers import credits, phone, users
from edge.dubbing_api.models.credits import InviteUsedOut, UseInviteIn
from edge.dubbing_api.models.phone import PhoneLoginIn, PhoneLoginOut, SendCodeIn, SendCodeOut
from edge.dubbing_api.models.users import MeOut
from edge.endpoint import Access, Dialect, Endpoint, NoInput, RateClass, Source, Success

TAG = "配音 · 认证"

ENDPOINTS: tuple[Endpoint[Any], ...] = (
    Endpoint(
        method="POST",
        path="/api/auth/send-code",
        access=Access.PUBLIC,
        input=SendCodeIn,
        source=Source.BODY,
        handler=phone.send_code,
        output=SendCodeOut,
        tag=TAG,
        dialect=Dialect.DUBBING,
        success=Success(message="验证码发送成功"),
        rate=RateClass.CREDENTIALS,
    ),
    Endpoint(
        method="POST",
        path="/api/auth/login",
        access=Access.PUBLIC,
        input=PhoneLoginIn,
        source=Source.BODY,
        handler=phone.login,
        output=PhoneLoginOut,
        tag=TAG,
        dialect=Dialect.DUBBING,
        success=Success(message="登录成功"),
        refusals=(401, 403),
        rate=RateClass.CREDENTIALS,
    ),
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
