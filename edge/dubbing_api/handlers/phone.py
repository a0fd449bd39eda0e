"""Codes for phones, and logins with them."""

from __future__ import annotations

from edge.dubbing_api import render
from edge.dubbing_api.models.phone import PhoneLoginIn, PhoneLoginOut, SendCodeIn, SendCodeOut
from edge.endpoint import Call
from voxreel.auth.v1 import phone_service_pb2 as phones


async def send_code(given: SendCodeIn, call: Call) -> SendCodeOut:
    response = await call.shared.clients.phones.SendCode(
        phones.SendCodeRequest(phone=given.phone, client_address=call.client_address)
    )
    return {"phone": given.phone, "expires_in": response.expires_in.seconds}


async def login(given: PhoneLoginIn, call: Call) -> PhoneLoginOut:
    """The first login makes the user."""
    response = await call.shared.clients.phones.LoginByPhone(
        phones.LoginByPhoneRequest(phone=given.phone, code=given.code, client_address=call.client_address)
    )
    return {
        "access_token": response.access_token,
        "token_type": "bearer",
        "role": render.role(response.user),
        "is_new_user": response.is_new_user,
        "refresh_token": response.refresh_token,
        "expires_in": response.expires_in.seconds,
    }
