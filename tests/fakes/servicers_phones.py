"""Logins by phone as an edge sees them, over the users of a FakeAuth."""

from __future__ import annotations

from google.protobuf.duration_pb2 import Duration

from kit.errors import Forbidden, Unauthenticated
from kit.rpc.server import Context
from tests.fakes.refusals import Refusals
from tests.fakes.servicers_auth import FakeAuth
from voxreel.auth.v1 import phone_service_pb2 as pb
from voxreel.auth.v1 import phone_service_pb2_grpc, user_pb2
from voxreel.common.v1 import error_reason_pb2 as reasons


class FakePhones(phone_service_pb2_grpc.PhoneServiceServicer):
    """Sends every phone the same code, which is good once."""

    CODE = "135790"

    def __init__(self, auth: FakeAuth) -> None:
        self._auth = auth
        self.refusals = Refusals()
        self.sent: dict[str, str] = {}
        self.addresses: list[str] = []

    async def SendCode(self, request: pb.SendCodeRequest, context: Context) -> pb.SendCodeResponse:
        self.refusals.enter("SendCode")
        self.addresses.append(request.client_address)
        self.sent[request.phone] = self.CODE
        return pb.SendCodeResponse(expires_in=Duration(seconds=300))

    async def LoginByPhone(self, request: pb.LoginByPhoneRequest, context: Context) -> pb.LoginByPhoneResponse:
        self.refusals.enter("LoginByPhone")
        if self.sent.get(request.phone) != request.code:
            raise Unauthenticated(reasons.ERROR_REASON_PHONE_CODE_INVALID, "验证码错误或已过期")
        user, is_new = self._user_of(request.phone)
        if user.status == user_pb2.USER_STATUS_FROZEN:
            raise Forbidden(reasons.ERROR_REASON_ACCOUNT_FROZEN, "账号已被冻结")
        del self.sent[request.phone]
        return pb.LoginByPhoneResponse(
            access_token=self._auth.token_of(user),
            refresh_token="refresh-by-phone",
            expires_in=Duration(seconds=3600),
            user=user,
            is_new_user=is_new,
        )

    def _user_of(self, phone: str) -> tuple[user_pb2.User, bool]:
        for user in self._auth.users.values():
            if user.phone == phone:
                return user, False
        user = self._auth.add_user(phone, "")
        user.phone = phone
        return user, True
