"""What billing asks of the auth service."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from kit.rpc.client import Peer
from voxreel.auth.v1 import user_service_pb2, user_service_pb2_grpc


class AuthPeer:
    """The user directory of the use cases. Raises what the calls raise."""

    def __init__(self, auth: Peer) -> None:
        self._users = auth.stub(user_service_pb2_grpc.UserServiceStub)

    async def accounts_of(self, user_ids: Collection[int]) -> Mapping[int, str]:
        """The account names of those who exist."""
        response = await self._users.BatchGetUsers(user_service_pb2.BatchGetUsersRequest(user_ids=sorted(user_ids)))
        return {user.id: user.account for user in response.users}
