"""The published keys of a test's own tokens."""

from __future__ import annotations

from kit.rpc.server import Context
from tests.fakes.refusals import Refusals
from tests.fakes.tokens import FakeTokens
from voxreel.common.v1 import key_service_pb2 as messages
from voxreel.common.v1 import key_service_pb2_grpc


class FakeKeys(key_service_pb2_grpc.KeyServiceServicer):
    """Publishes the keys of `tokens`, whichever those are by then."""

    def __init__(self, tokens: FakeTokens) -> None:
        self.tokens = tokens
        self.refusals = Refusals()

    async def ListVerificationKeys(
        self, request: messages.ListVerificationKeysRequest, context: Context
    ) -> messages.ListVerificationKeysResponse:
        self.refusals.enter("ListVerificationKeys")
        found = self.tokens.public_keys().items()
        keys = [messages.VerificationKey(key_id=key_id, public_key_pem=pem) for key_id, pem in found]
        return messages.ListVerificationKeysResponse(keys=keys)
