"""The auth service as its clients see it."""

from __future__ import annotations

import uuid
from collections.abc import MutableSequence
from datetime import datetime

from google.protobuf.duration_pb2 import Duration

from kit.clock import Clock
from kit.errors import AlreadyExists, NotFound, Precondition, Unauthenticated
from kit.rpc.context import require_principal
from kit.rpc.server import Context
from kit.rpc.times import timestamp_of
from tests.fakes.refusals import Refusals
from tests.fakes.tokens import FakeTokens
from voxreel.auth.v1 import account_service_pb2 as accounts
from voxreel.auth.v1 import account_service_pb2_grpc, user_pb2, user_service_pb2_grpc
from voxreel.auth.v1 import user_service_pb2 as users
from voxreel.common.v1 import error_reason_pb2 as reasons


class FakeAuth(account_service_pb2_grpc.AccountServiceServicer, user_service_pb2_grpc.UserServiceServicer):
    """Keeps users and passwords in memory; tokens are real ones."""

    def __init__(self, clock: Clock, tokens: FakeTokens) -> None:
        self._clock = clock
        self._tokens = tokens
        self.refusals = Refusals()
        self.users: dict[int, user_pb2.User] = {}
        self.passwords: dict[str, str] = {}
        self.refresh_tokens: dict[str, int] = {}
        self.addresses: list[str] = []

    def add_user(self, account: str, password: str, *, is_admin: bool = False) -> user_pb2.User:
        now = timestamp_of(self._clock.now())
        user = user_pb2.User(
            id=len(self.users) + 1,
            uuid=str(uuid.UUID(int=len(self.users) + 1)),
            account=account,
            is_admin=is_admin,
            status=user_pb2.USER_STATUS_ACTIVE,
            create_time=now,
            update_time=now,
            materials=user_pb2.Materials(),
        )
        self.users[user.id] = user
        self.passwords[account] = password
        return user

    def now(self) -> datetime:
        """What the clock of the users says."""
        return self._clock.now()

    def token_of(self, user: user_pb2.User) -> str:
        return self._tokens.issue(user.id, account=user.account, is_admin=user.is_admin, token_id=f"t-{user.id}")

    async def Register(self, request: accounts.RegisterRequest, context: Context) -> accounts.RegisterResponse:
        self.refusals.enter("Register")
        self.addresses.append(request.client_address)
        if request.account in self.passwords:
            raise AlreadyExists(reasons.ERROR_REASON_ACCOUNT_TAKEN, "该账号已被注册")
        return accounts.RegisterResponse(user=self.add_user(request.account, request.password))

    async def Login(self, request: accounts.LoginRequest, context: Context) -> accounts.LoginResponse:
        self.refusals.enter("Login")
        self.addresses.append(request.client_address)
        if self.passwords.get(request.account) != request.password:
            raise Unauthenticated(reasons.ERROR_REASON_CREDENTIALS_INVALID, "账号或密码错误")
        user = next(user for user in self.users.values() if user.account == request.account)
        user.last_login_time.FromDatetime(self._clock.now())
        refresh_token = f"refresh-{len(self.refresh_tokens)}"
        self.refresh_tokens[refresh_token] = user.id
        return accounts.LoginResponse(
            access_token=self.token_of(user), refresh_token=refresh_token, expires_in=Duration(seconds=3600)
        )

    async def RefreshAccessToken(
        self, request: accounts.RefreshAccessTokenRequest, context: Context
    ) -> accounts.RefreshAccessTokenResponse:
        self.refusals.enter("RefreshAccessToken")
        user_id = self.refresh_tokens.get(request.refresh_token)
        if user_id is None:
            raise Unauthenticated(reasons.ERROR_REASON_REFRESH_TOKEN_INVALID, "刷新令牌无效或已过期")
        return accounts.RefreshAccessTokenResponse(
            access_token=self.token_of(self.users[user_id]), expires_in=Duration(seconds=3600)
        )

    async def GetProfile(self, request: users.GetProfileRequest, context: Context) -> users.GetProfileResponse:
        self.refusals.enter("GetProfile")
        user = self.users.get(require_principal().user_id)
        if user is None:
            raise NotFound(reasons.ERROR_REASON_USER_NOT_FOUND, "用户不存在")
        return users.GetProfileResponse(user=user)

    async def ChangePassword(
        self, request: users.ChangePasswordRequest, context: Context
    ) -> users.ChangePasswordResponse:
        self.refusals.enter("ChangePassword")
        account = require_principal().account
        if self.passwords[account] != request.current_password:
            raise Precondition(reasons.ERROR_REASON_PASSWORD_WRONG, "当前密码不正确")
        self.passwords[account] = request.new_password
        return users.ChangePasswordResponse()

    async def BatchGetUsers(self, request: users.BatchGetUsersRequest, context: Context) -> users.BatchGetUsersResponse:
        self.refusals.enter("BatchGetUsers")
        return users.BatchGetUsersResponse(users=[self.users[key] for key in request.user_ids if key in self.users])

    async def FindUserIds(self, request: users.FindUserIdsRequest, context: Context) -> users.FindUserIdsResponse:
        self.refusals.enter("FindUserIds")
        found = [user.id for user in self.users.values() if request.keyword.lower() in user.account.lower()]
        return users.FindUserIdsResponse(user_ids=found[: request.limit], has_more=len(found) > request.limit)

    async def AddMaterial(self, request: users.AddMaterialRequest, context: Context) -> users.AddMaterialResponse:
        self.refusals.enter("AddMaterial")
        kept = self._list(request.kind)
        if request.item_id not in kept:
            kept.append(request.item_id)
        return users.AddMaterialResponse()

    async def RemoveMaterial(
        self, request: users.RemoveMaterialRequest, context: Context
    ) -> users.RemoveMaterialResponse:
        self.refusals.enter("RemoveMaterial")
        kept = self._list(request.kind)
        if request.item_id not in kept:
            raise NotFound(reasons.ERROR_REASON_MATERIAL_NOT_FOUND, f"素材不存在: {request.item_id}")
        kept.remove(request.item_id)
        return users.RemoveMaterialResponse()

    def _list(self, kind: user_pb2.MaterialKind.ValueType) -> MutableSequence[str]:
        kept = self.users[require_principal().user_id].materials
        lists: dict[int, MutableSequence[str]] = {
            user_pb2.MATERIAL_KIND_WORKS: kept.works,
            user_pb2.MATERIAL_KIND_DIGITAL_HUMANS: kept.digital_humans,
            user_pb2.MATERIAL_KIND_BACKGROUNDS: kept.backgrounds,
            user_pb2.MATERIAL_KIND_VOICES: kept.voices,
            user_pb2.MATERIAL_KIND_BGM: kept.bgm,
        }
        return lists[kind]
