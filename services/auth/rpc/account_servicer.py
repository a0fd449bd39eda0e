"""AccountService."""

from __future__ import annotations

from kit.rpc.server import Context
from kit.rpc.times import duration_of
from services.auth.rpc.mapping import login_to_proto, user_to_proto
from services.auth.usecases.registration import Registration
from services.auth.usecases.sessions import Sessions
from voxreel.auth.v1 import account_service_pb2 as pb
from voxreel.auth.v1 import account_service_pb2_grpc


class AccountServicer(account_service_pb2_grpc.AccountServiceServicer):
    """Registration, login and refresh."""

    def __init__(self, registration: Registration, sessions: Sessions) -> None:
        self._registration = registration
        self._sessions = sessions

    async def Register(self, request: pb.RegisterRequest, _context: Context) -> pb.RegisterResponse:
        user = await self._registration.register(request.account, request.password)
        return pb.RegisterResponse(user=user_to_proto(user))

    async def Login(self, request: pb.LoginRequest, _context: Context) -> pb.LoginResponse:
        login = await self._sessions.login(request.account, request.password, client_address=request.client_address)
        return login_to_proto(login)

    async def RefreshAccessToken(
        self, request: pb.RefreshAccessTokenRequest, _context: Context
    ) -> pb.RefreshAccessTokenResponse:
        access = await self._sessions.refresh(request.refresh_token)
        return pb.RefreshAccessTokenResponse(access_token=access.token, expires_in=duration_of(access.expires_in))
