"""Messages from domain objects and back."""

from __future__ import annotations

from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp

from kit.rpc.context import Principal
from kit.rpc.times import duration_of, timestamp_of
from services.auth.crypto.keys import PublicKey
from services.auth.domain.errors import field_invalid
from services.auth.domain.materials import MaterialKind, Materials, Profile
from services.auth.domain.users import AccessTokenClaims, Revocation, User
from services.auth.material_kinds import KIND_FROM_PROTO
from services.auth.usecases.sessions import Login
from services.auth.user_statuses import STATUS_TO_PROTO
from voxreel.auth.v1 import account_service_pb2, user_pb2
from voxreel.common.v1 import key_service_pb2
from voxreel.common.v1.identity_events_pb2 import UserAccessRevoked


def claims_of(principal: Principal) -> AccessTokenClaims:
    return AccessTokenClaims(principal.user_id, principal.token_id, principal.issued_at)


def user_to_proto(user: User) -> user_pb2.User:
    return user_pb2.User(
        id=user.id,
        uuid=user.uuid,
        account=user.account,
        is_admin=user.is_admin,
        status=STATUS_TO_PROTO[user.status],
        create_time=timestamp_of(user.create_time),
        update_time=timestamp_of(user.update_time),
        last_login_time=None if user.last_login_time is None else timestamp_of(user.last_login_time),
        phone=user.phone,
    )


def materials_to_proto(materials: Materials) -> user_pb2.Materials:
    return user_pb2.Materials(
        works=materials.get(MaterialKind.WORKS),
        digital_humans=materials.get(MaterialKind.DIGITAL_HUMANS),
        backgrounds=materials.get(MaterialKind.BACKGROUNDS),
        voices=materials.get(MaterialKind.VOICES),
        bgm=materials.get(MaterialKind.BGM),
    )


def profile_to_proto(profile: Profile) -> user_pb2.User:
    user = user_to_proto(profile.user)
    user.materials.CopyFrom(materials_to_proto(profile.materials))
    return user


def kind_from_proto(given: user_pb2.MaterialKind.ValueType) -> MaterialKind:
    kind = KIND_FROM_PROTO.get(given)
    if kind is None:
        raise field_invalid("kind", "素材类型无效")
    return kind


def time_from_proto(given: Timestamp) -> datetime:
    try:
        return given.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise field_invalid("time", "时间无效") from None


def login_to_proto(login: Login) -> account_service_pb2.LoginResponse:
    return account_service_pb2.LoginResponse(
        access_token=login.access.token,
        refresh_token=login.refresh_token,
        expires_in=duration_of(login.access.expires_in),
    )


def key_to_proto(key: PublicKey) -> key_service_pb2.VerificationKey:
    return key_service_pb2.VerificationKey(key_id=key.key_id, public_key_pem=key.pem)


def revocation_to_proto(user_id: int, revocation: Revocation) -> UserAccessRevoked:
    return UserAccessRevoked(
        user_id=user_id,
        not_before=timestamp_of(revocation.not_before),
        kept_token_id=revocation.kept_token_id,
        is_frozen=revocation.is_frozen,
    )
