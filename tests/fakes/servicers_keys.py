"""The published keys of a test's own tokens."""

from __future__ import annotations

from datetime import UTC

from kit.rpc.server import Context
from tests.fakes.refusals import Refusals
from tests.fakes.tokens import FakeTokens
from voxreel.common.v1 import key_service_pb2 as messages
from voxreel.common.v1 import key_service_pb2_grpc
from voxreel.common.v1.identity_events_pb2 import UserAccessRevoked


class FakeKeys(key_service_pb2_grpc.KeyServiceServicer):
    """Publishes the keys of `tokens`, whichever those are by then, and the revocations it is given."""

    def __init__(self, tokens: FakeTokens) -> None:
        self.tokens = tokens
        self.refusals = Refusals()
        self.revocations: list[UserAccessRevoked] = []
        self.page_size = 500

    async def ListVerificationKeys(
        self, request: messages.ListVerificationKeysRequest, context: Context
    ) -> messages.ListVerificationKeysResponse:
        self.refusals.enter("ListVerificationKeys")
        found = self.tokens.public_keys().items()
        keys = [messages.VerificationKey(key_id=key_id, public_key_pem=pem) for key_id, pem in found]
        return messages.ListVerificationKeysResponse(keys=keys)

    async def ListRevocations(
        self, request: messages.ListRevocationsRequest, context: Context
    ) -> messages.ListRevocationsResponse:
        self.refusals.enter("ListRevocations")
        since = request.since.ToDatetime(UTC)
        numbered = [
            (number, revoked)
            for number, revoked in enumerate(self.revocations, start=1)
            if number > request.after_id and revoked.not_before.ToDatetime(UTC) >= since
        ]
        page = numbered[: self.page_size]
        next_id = page[-1][0] if len(numbered) > self.page_size else 0
        return messages.ListRevocationsResponse(revocations=[revoked for _, revoked in page], next_id=next_id)
