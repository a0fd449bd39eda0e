"""What this service needs of auth: the keys that verify access tokens, and which tokens are void."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC

from kit.events.bus import Bus
from kit.events.consumer import Consumer
from kit.rpc.client import Peer
from kit.rpc.tokens import TokenVerifier
from voxreel.auth.v1 import account_service_pb2 as messages
from voxreel.auth.v1 import account_service_pb2_grpc
from voxreel.auth.v1.events_pb2 import UserAccessRevoked
from voxreel.common.v1.event_pb2 import EventEnvelope

_ACCESS_REVOKED = "evt.auth.user.access_revoked"


class AuthKeys:
    """The public keys of the auth service, PEM by key id."""

    def __init__(self, auth: Peer) -> None:
        self._accounts = auth.stub(account_service_pb2_grpc.AccountServiceStub)

    async def fetch(self) -> Mapping[str, str]:
        """Asks for them. Raises DomainError."""
        response = await self._accounts.ListVerificationKeys(messages.ListVerificationKeysRequest())
        return {key.key_id: key.public_key_pem for key in response.keys}


class Revocations:
    """Handles the events that void access tokens. Repeating one changes nothing."""

    def __init__(self, verifier: TokenVerifier) -> None:
        self._verifier = verifier

    async def __call__(self, envelope: EventEnvelope) -> None:
        revoked = UserAccessRevoked.FromString(envelope.payload)
        self._verifier.revoke(
            revoked.user_id,
            not_before=revoked.not_before.ToDatetime(UTC),
            kept_token_id=revoked.kept_token_id,
        )


def revocation_consumer(bus: Bus, verifier: TokenVerifier, *, service: str, instance: str) -> Consumer:
    """Reads them for one process. A hash stands for the instance, whose name may hold dots, which durables may not."""
    name = hashlib.sha256(instance.encode()).hexdigest()[:12]
    durable = f"{service}--revocations-{name}"
    return Consumer(bus, durable, Revocations(verifier), subjects=[_ACCESS_REVOKED])
