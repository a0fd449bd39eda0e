"""What billing asks of the auth service."""

from __future__ import annotations

from kit.rpc.client import Peer
from voxreel.auth.v1 import user_service_pb2, user_service_pb2_grpc


class AuthPeer:
    """The user directory of the use cases. Raises what the calls raise."""

    def __init__(self, auth: Peer) -> None:
        self._users = auth.stub(user_service_pb2_grpc.UserServiceStub)

    async def account_of(self, user_id: int) -> str | None:
        """The account name; None when there is no such user."""
        response = await self._users.BatchGetUsers(user_service_pb2.BatchGetUsersRequest(user_ids=[user_id]))
        return response.users[0].account if response.users else None
