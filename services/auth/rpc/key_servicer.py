"""KeyService."""

from __future__ import annotations

from collections.abc import Sequence

from kit.rpc.server import Context
from services.auth.crypto.keys import PublicKey
from services.auth.rpc.mapping import key_to_proto
from voxreel.common.v1 import key_service_pb2 as pb
from voxreel.common.v1 import key_service_pb2_grpc


class KeyServicer(key_service_pb2_grpc.KeyServiceServicer):
    """The keys that verify tokens, the signing one first."""

    def __init__(self, public_keys: Sequence[PublicKey]) -> None:
        self._keys = pb.ListVerificationKeysResponse(keys=map(key_to_proto, public_keys))

    async def ListVerificationKeys(
        self, _request: pb.ListVerificationKeysRequest, _context: Context
    ) -> pb.ListVerificationKeysResponse:
        return self._keys
