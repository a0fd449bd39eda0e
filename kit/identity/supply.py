"""What every process does that verifies access tokens."""

from __future__ import annotations

from typing import TypeVar

from kit.app import App, Role
from kit.clock import Clock
from kit.config import ProcessConfig
from kit.identity.keys import KeyKeeper
from kit.identity.revocation_poll import RevocationPoll
from kit.identity.revocations import RevocationFeed
from kit.loops import Phase
from kit.observability.health import Severity
from kit.rpc.client import Peer
from kit.rpc.tokens import TokenVerifier

C = TypeVar("C", bound=ProcessConfig)


def supply_verifier(app: App[C], verifier: TokenVerifier, *, auth: Peer, clock: Clock) -> KeyKeeper:
    """Keeps the verifier supplied with keys and revocations while the app runs, and answers the keeper of the keys.

    `auth` carries the service token. The app is not ready before it has keys; without the broker, which brings
    revocations, it is degraded and asks auth for them every second.
    """
    keeper = KeyKeeper(auth, verifier)
    if app.role is Role.WORKER:  # nobody calls it
        return keeper
    feed = RevocationFeed(app.config.nats_url.get_secret_value(), verifier, clock=clock, name=f"{app.name}-revocations")
    app.background("keys", keeper.run, phase=Phase.SUPPORT)
    app.add_check("keys", keeper.check)
    app.background("revocations", feed.run, phase=Phase.SUPPORT)
    app.add_check("revocations", feed.check, severity=Severity.DEGRADES)
    poll = RevocationPoll(auth, feed, verifier, clock=clock)
    app.background("revocation poll", poll.run, phase=Phase.SUPPORT)
    return keeper
