"""Login by phone, and who is logged in."""

from __future__ import annotations

from typing import Any

from edge.dubbing_api.handlers import phone, users
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
