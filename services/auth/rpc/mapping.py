"""Messages from domain objects and back."""

from __future__ import annotations

from kit.rpc.context import Principal
from kit.rpc.times import duration_of, timestamp_of
from services.auth.crypto.keys import PublicKey
from services.auth.domain.users import AccessTokenClaims, User, UserStatus
from services.auth.usecases.sessions import Login
from voxreel.auth.v1 import account_service_pb2, user_pb2
from voxreel.common.v1 import key_service_pb2

_STATUS_TO_PROTO = {
    UserStatus.ACTIVE: user_pb2.USER_STATUS_ACTIVE,
    UserStatus.FROZEN: user_pb2.USER_STATUS_FROZEN,
}


def claims_of(principal: Principal) -> AccessTokenClaims:
    return AccessTokenClaims(principal.user_id, principal.token_id, principal.issued_at)


def user_to_proto(user: User) -> user_pb2.User:
    return user_pb2.User(
        id=user.id,
        uuid=user.uuid,
        account=user.account,
        is_admin=user.is_admin,
        status=_STATUS_TO_PROTO[user.status],
        create_time=timestamp_of(user.create_time),
        update_time=timestamp_of(user.update_time),
        last_login_time=None if user.last_login_time is None else timestamp_of(user.last_login_time),
    )


def login_to_proto(login: Login) -> account_service_pb2.LoginResponse:
    return account_service_pb2.LoginResponse(
        access_token=login.access.token,
        refresh_token=login.refresh_token,
        expires_in=duration_of(login.access.expires_in),
    )


def key_to_proto(key: PublicKey) -> key_service_pb2.VerificationKey:
    return key_service_pb2.VerificationKey(key_id=key.key_id, public_key_pem=key.pem)
