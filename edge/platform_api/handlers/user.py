"""Accounts, tokens, profiles."""

from __future__ import annotations

from edge.endpoint import Call, NoInput
from edge.platform_api import render
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
from kit.concurrency import both
from kit.errors import Invalid
from voxreel.auth.v1 import account_service_pb2 as accounts
from voxreel.auth.v1 import user_service_pb2 as users
from voxreel.billing.v1 import ledger_service_pb2 as ledger
from voxreel.common.v1 import error_reason_pb2 as reasons

_GET_PROFILE = users.GetProfileRequest()
_GET_BALANCE = ledger.GetBalanceRequest()


async def register(given: RegisterIn, call: Call) -> ProfileOut:
    """A new account, which has no credits yet."""
    if given.password != given.confirm_password:
        raise Invalid(reasons.ERROR_REASON_PASSWORD_MISMATCH, "两次输入的密码不一致")
    response = await call.shared.clients.accounts.Register(
        accounts.RegisterRequest(account=given.account, password=given.password, client_address=call.client_address)
    )
    return render.profile(response.user, 0, call.shared.times)


async def login(given: LoginIn, call: Call) -> LoginOut:
    response = await call.shared.clients.accounts.Login(
        accounts.LoginRequest(account=given.account, password=given.password, client_address=call.client_address)
    )
    return {
        "access_token": response.access_token,
        "refresh_token": response.refresh_token,
        "token_type": "bearer",
        "expires_in": response.expires_in.seconds,
    }


async def refresh(given: RefreshIn, call: Call) -> RefreshOut:
    response = await call.shared.clients.accounts.RefreshAccessToken(
        accounts.RefreshAccessTokenRequest(refresh_token=given.refresh_token)
    )
    return {
        "access_token": response.access_token,
        "token_type": "bearer",
        "expires_in": response.expires_in.seconds,
    }


async def profile(_given: NoInput, call: Call) -> ProfileOut:
    """The caller with their balance; both are asked for at once."""
    clients = call.shared.clients
    found, balance = await both(clients.users.GetProfile(_GET_PROFILE), clients.ledger.GetBalance(_GET_BALANCE))
    return render.profile(found.user, balance.available_credits, call.shared.times)


async def change_password(given: ChangePasswordIn, call: Call) -> MessageOut:
    await call.shared.clients.users.ChangePassword(
        users.ChangePasswordRequest(current_password=given.current_password, new_password=given.new_password)
    )
    return {"message": "密码修改成功"}
