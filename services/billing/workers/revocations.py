"""Tells the token verifier of this process which access tokens are void."""

from __future__ import annotations

import hashlib
from datetime import UTC
from typing import Final

from kit.rpc.tokens import TokenVerifier
from voxreel.auth.v1.events_pb2 import UserAccessRevoked
from voxreel.common.v1.event_pb2 import EventEnvelope

SUBJECTS: Final = ("evt.auth.user.access_revoked",)


def durable_of(instance: str) -> str:
    """Every process reads for itself. Host names hold dots, which the broker refuses in a durable's name."""
    return f"billing--revocations-{hashlib.sha256(instance.encode()).hexdigest()[:12]}"


class RevocationHandler:
    """Handles the events of `SUBJECTS`. Repeating one changes nothing."""

    def __init__(self, verifier: TokenVerifier) -> None:
        self._verifier = verifier

    async def __call__(self, envelope: EventEnvelope) -> None:
        revoked = UserAccessRevoked.FromString(envelope.payload)
        self._verifier.revoke(
            revoked.user_id,
            not_before=revoked.not_before.ToDatetime(UTC),
            kept_token_id=revoked.kept_token_id,
        )
