"""PhoneService."""

from __future__ import annotations

from kit.rpc.server import Context
from kit.rpc.times import duration_of
from services.auth.rpc.mapping import user_to_proto
from services.auth.usecases.phone_login import CodeSending, PhoneLogins
from voxreel.auth.v1 import phone_service_pb2 as pb
from voxreel.auth.v1 import phone_service_pb2_grpc


class PhoneServicer(phone_service_pb2_grpc.PhoneServiceServicer):
    """Codes for phones, and logins with them."""

    def __init__(self, sending: CodeSending, logins: PhoneLogins) -> None:
        self._sending = sending
        self._logins = logins

    async def SendCode(self, request: pb.SendCodeRequest, _context: Context) -> pb.SendCodeResponse:
        life = await self._sending.send(request.phone, client_address=request.client_address)
        return pb.SendCodeResponse(expires_in=duration_of(life))

    async def LoginByPhone(self, request: pb.LoginByPhoneRequest, _context: Context) -> pb.LoginByPhoneResponse:
        done = await self._logins.login(request.phone, request.code, client_address=request.client_address)
        return pb.LoginByPhoneResponse(
            access_token=done.login.access.token,
            refresh_token=done.login.refresh_token,
            expires_in=duration_of(done.login.access.expires_in),
            user=user_to_proto(done.user),
            is_new_user=done.is_new_user,
        )
