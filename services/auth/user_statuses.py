"""How the statuses of users are called outside of the domain."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from services.auth.domain.users import UserStatus
from voxreel.auth.v1 import user_pb2

STATUS_TO_PROTO: Mapping[UserStatus, user_pb2.UserStatus.ValueType] = MappingProxyType(
    {
        UserStatus.ACTIVE: user_pb2.USER_STATUS_ACTIVE,
        UserStatus.FROZEN: user_pb2.USER_STATUS_FROZEN,
    }
)
STATUS_FROM_PROTO: Mapping[int, UserStatus] = MappingProxyType(
    {value: status for status, value in STATUS_TO_PROTO.items()}
)
