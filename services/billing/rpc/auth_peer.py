"""What billing asks of the auth service."""

from __future__ import annotations

from collections.abc import Mapping

from kit.rpc.client import Peer
from voxreel.auth.v1 import (
    account_service_pb2,
    account_service_pb2_grpc,
    user_service_pb2,
    user_service_pb2_grpc,
)


class AuthPeer:
    """The user directory of the use cases, and the keys that verify access tokens. Raises what the calls raise."""

    def __init__(self, auth: Peer) -> None:
        self._users = auth.stub(user_service_pb2_grpc.UserServiceStub)
        self._accounts = auth.stub(account_service_pb2_grpc.AccountServiceStub)

    async def account_of(self, user_id: int) -> str | None:
        """The account name; None when there is no such user."""
        response = await self._users.BatchGetUsers(user_service_pb2.BatchGetUsersRequest(user_ids=[user_id]))
        return response.users[0].account if response.users else None

    async def verification_keys(self) -> Mapping[str, str]:
        """PEM by key id."""
        response = await self._accounts.ListVerificationKeys(account_service_pb2.ListVerificationKeysRequest())
        return {key.key_id: key.public_key_pem for key in response.keys}
