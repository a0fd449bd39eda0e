"""What auth counts of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

from kit.observability.instruments import Counter, Definition, Gauge, Kind, Label
from kit.observability.metrics import Metrics
from services.auth.domain.webhooks import DeliveryError

WEBHOOK_ATTEMPTS: Final = Definition(
    "voxreel_webhook_attempts_total",
    Kind.COUNTER,
    "Messages sent to webhooks of users.",
    "auth, where it works",
    (Label("outcome", "`delivered`, `refused_address`, `unreachable`, `timeout`, `redirect`, `status`"),),
)
WEBHOOK_WAIT: Final = Definition(
    "voxreel_webhook_wait_seconds",
    Kind.GAUGE,
    "For how long the message has been due that waits longest to be sent to a webhook; 0 when none waits.",
    "auth, where it works",
)
METRICS: Final = (WEBHOOK_ATTEMPTS, WEBHOOK_WAIT)

_DELIVERED = "delivered"


@dataclass(frozen=True, slots=True)
class WebhookMeasures:
    """What the sender of messages tells about itself."""

    attempts: Counter
    wait: Gauge

    @classmethod
    def of(cls, metrics: Metrics) -> Self:
        """Those of an app."""
        return cls(metrics.counter(WEBHOOK_ATTEMPTS), metrics.gauge(WEBHOOK_WAIT))

    def attempted(self, error: DeliveryError) -> None:
        """One attempt has ended."""
        self.attempts.add(error.value or _DELIVERED)
