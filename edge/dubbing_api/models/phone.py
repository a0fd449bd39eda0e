"""Codes for phones, and logins with them."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from edge.endpoint import In
from edge.validation import FieldWords

Phone = Annotated[str, Field(pattern="^1[0-9]{10}$", description="手机号，11位数字，1开头")]
_PHONE_WORDS = FieldWords("手机号不能为空", "手机号格式不正确，应为1开头的11位数字")


class SendCodeIn(In):
    words: ClassVar = {"phone": _PHONE_WORDS}

    phone: Phone
    purpose: Literal["login"] = "login"


class SendCodeOut(TypedDict):
    phone: str
    expires_in: int


class PhoneLoginIn(In):
    words: ClassVar = {"phone": _PHONE_WORDS, "code": FieldWords("验证码不能为空", "验证码应为6位数字")}

    phone: Phone
    code: str = Field(pattern="^[0-9]{6}$", description="6位数字验证码")


class PhoneLoginOut(TypedDict):
    access_token: str
    token_type: str
    role: str
    is_new_user: bool
    # Beyond the contract.
    refresh_token: NotRequired[str]
    expires_in: NotRequired[int]
