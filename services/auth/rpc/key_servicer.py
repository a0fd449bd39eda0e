"""KeyService."""

from __future__ import annotations

from collections.abc import Sequence

from kit.rpc.server import Context
from services.auth.crypto.keys import PublicKey
from services.auth.domain.errors import field_invalid
from services.auth.rpc.mapping import key_to_proto, revocation_to_proto, time_from_proto
from services.auth.usecases.recent_revocations import RecentRevocations
from voxreel.common.v1 import key_service_pb2 as pb
from voxreel.common.v1 import key_service_pb2_grpc


class KeyServicer(key_service_pb2_grpc.KeyServiceServicer):
    """The keys that verify tokens, the signing one first, and what was revoked lately."""

    def __init__(self, public_keys: Sequence[PublicKey], revocations: RecentRevocations) -> None:
        self._revocations = revocations
        self._keys = pb.ListVerificationKeysResponse(keys=map(key_to_proto, public_keys))

    async def ListVerificationKeys(
        self, _request: pb.ListVerificationKeysRequest, _context: Context
    ) -> pb.ListVerificationKeysResponse:
        return self._keys

    async def ListRevocations(
        self, request: pb.ListRevocationsRequest, _context: Context
    ) -> pb.ListRevocationsResponse:
        if not request.HasField("since"):
            raise field_invalid("since", "缺少起始时间")
        page = await self._revocations.since(time_from_proto(request.since), after_id=request.after_id)
        return pb.ListRevocationsResponse(
            revocations=[revocation_to_proto(user_id, one) for user_id, one in page.revocations],
            next_id=page.next_id,
        )
