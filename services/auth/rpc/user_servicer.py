"""UserService."""

from __future__ import annotations

from collections.abc import Sequence

from kit.errors import DomainError
from kit.rpc.context import require_principal
from kit.rpc.server import Context
from kit.rpc.sets import CallInSet, Outcome, alone
from services.auth.rpc.mapping import claims_of, kind_from_proto, profile_to_proto, user_to_proto
from services.auth.usecases.materials import MaterialKeeper
from services.auth.usecases.passwords import PasswordChange
from services.auth.usecases.users import UserReader
from voxreel.auth.v1 import user_service_pb2 as pb
from voxreel.auth.v1 import user_service_pb2_grpc


class UserServicer(user_service_pb2_grpc.UserServiceServicer):
    """Profiles, passwords and material lists."""

    def __init__(self, users: UserReader, passwords: PasswordChange, materials: MaterialKeeper) -> None:
        self._users = users
        self._passwords = passwords
        self._materials = materials

    async def GetProfile(self, request: pb.GetProfileRequest, _context: Context) -> pb.GetProfileResponse:
        return await alone(self.get_profiles, request)

    async def get_profiles(
        self, calls: Sequence[CallInSet[pb.GetProfileRequest]]
    ) -> list[Outcome[pb.GetProfileResponse]]:
        found = await self._users.profiles([claims_of(call.principal) for call in calls])
        return [
            one if isinstance(one, DomainError) else pb.GetProfileResponse(user=profile_to_proto(one)) for one in found
        ]

    async def ChangePassword(self, request: pb.ChangePasswordRequest, _context: Context) -> pb.ChangePasswordResponse:
        await self._passwords.change(
            claims_of(require_principal()),
            current_password=request.current_password,
            new_password=request.new_password,
        )
        return pb.ChangePasswordResponse()

    async def AddMaterial(self, request: pb.AddMaterialRequest, _context: Context) -> pb.AddMaterialResponse:
        claims, kind = claims_of(require_principal()), kind_from_proto(request.kind)
        await self._materials.add(claims, kind, item_id=request.item_id)
        return pb.AddMaterialResponse()

    async def RemoveMaterial(self, request: pb.RemoveMaterialRequest, _context: Context) -> pb.RemoveMaterialResponse:
        claims, kind = claims_of(require_principal()), kind_from_proto(request.kind)
        await self._materials.remove(claims, kind, item_id=request.item_id)
        return pb.RemoveMaterialResponse()

    async def BatchGetUsers(self, request: pb.BatchGetUsersRequest, _context: Context) -> pb.BatchGetUsersResponse:
        users = await self._users.batch(request.user_ids)
        return pb.BatchGetUsersResponse(users=map(user_to_proto, users))

    async def FindUserIds(self, request: pb.FindUserIdsRequest, _context: Context) -> pb.FindUserIdsResponse:
        user_ids, has_more = await self._users.find_ids(request.keyword, limit=request.limit)
        return pb.FindUserIdsResponse(user_ids=user_ids, has_more=has_more)
