"""Addresses that users want to be told at, and messages on their way there."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from kit.net.addresses import is_literal, is_loopback, is_public
from kit.net.urls import HttpUrl, UrlRefused, read_url
from services.auth.domain.errors import field_invalid, webhook_url_refused

FORMER_SECRET_LIFETIME = timedelta(hours=24)
# When nothing has come through for so long, nobody is there any more.
GIVEN_UP_AFTER = timedelta(days=3)
# Pauses after failed attempts, as Standard Webhooks 1.0 suggests them: ten attempts in a little more than three days.
RETRY_PAUSES = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
MAX_ATTEMPTS = len(RETRY_PAUSES) + 1
_GONE = 410


class WebhookEvent(StrEnum):
    """What users can be told. The values are stored, and are the `type` of messages."""

    TASK_SUCCEEDED = "task.succeeded"
    TASK_FAILED = "task.failed"
    TASK_CANCELLED = "task.cancelled"


class DisabledFor(StrEnum):
    """Why a webhook is not called any more. The values are stored."""

    NOTHING = ""
    GONE = "gone"
    FAILING = "failing"


class DeliveryState(StrEnum):
    """Where a delivery is. The values are stored."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class DeliveryError(StrEnum):
    """What was wrong with an attempt. The values are stored."""

    NOTHING = ""
    REFUSED_ADDRESS = "refused_address"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    REDIRECT = "redirect"
    STATUS = "status"


@dataclass(frozen=True, slots=True)
class Secrets:
    """What messages are signed with. `former` signs too until `former_expire_time`; empty when there is none."""

    current: str
    former: str = ""
    former_expire_time: datetime | None = None

    def rotated(self, secret: str, now: datetime) -> Secrets:
        """With a new secret; the present one signs on for a while."""
        return Secrets(secret, self.current, now + FORMER_SECRET_LIFETIME)

    def valid(self, now: datetime) -> Sequence[str]:
        """Those to sign with, the newest first."""
        if self.former_expire_time is None or self.former_expire_time <= now:
            return (self.current,)
        return self.current, self.former


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address. `request_id` made it, `rotation_id` its present secret if it is not the first."""

    id: str
    user_id: int
    request_id: str
    url: str
    events: frozenset[WebhookEvent]
    secrets: Secrets
    rotation_id: str
    disabled_for: DisabledFor
    failing_since: datetime | None
    create_time: datetime
    update_time: datetime

    def enabled(self, now: datetime) -> Webhook:
        """As after a fresh start."""
        return replace(self, disabled_for=DisabledFor.NOTHING, failing_since=None, update_time=now)

    def after(self, outcome: Outcome, now: datetime) -> Webhook:
        """What an attempt says of the address."""
        if outcome.is_delivered:
            return self if self.failing_since is None else replace(self, failing_since=None)
        since = self.failing_since or now
        disabled_for = self.disabled_for
        if outcome.status_code == _GONE:
            disabled_for = DisabledFor.GONE
        elif now - since >= GIVEN_UP_AFTER:
            disabled_for = DisabledFor.FAILING
        return replace(self, failing_since=since, disabled_for=disabled_for)


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """An event for a webhook. `body` is the message, byte for byte the same in every attempt."""

    id: str
    webhook_id: str
    event: WebhookEvent
    task_id: str
    body: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message on its way. `attempts` counts those begun; `due_time` is that of the next one."""

    id: str
    webhook_id: str
    event: WebhookEvent
    task_id: str
    body: str
    state: DeliveryState
    attempts: int
    status_code: int
    error: DeliveryError
    create_time: datetime
    attempt_time: datetime | None
    due_time: datetime

    def after(self, outcome: Outcome, now: datetime, *, jitter: float) -> Delivery:
        """What becomes of it after an attempt. `jitter`, 0 to 1, lengthens the pause by up to a tenth."""
        tried = replace(self, status_code=outcome.status_code, error=outcome.error)
        if outcome.is_delivered:
            return replace(tried, state=DeliveryState.DELIVERED)
        # More than that when attempts were begun whose end nobody saw.
        if self.attempts >= MAX_ATTEMPTS or outcome.status_code == _GONE:
            return replace(tried, state=DeliveryState.FAILED)
        return replace(tried, due_time=now + RETRY_PAUSES[self.attempts - 1] * (1 + jitter / 10))


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt went. `status_code` is 0 when there was no reply."""

    error: DeliveryError
    status_code: int = 0

    @property
    def is_delivered(self) -> bool:
        return self.error is DeliveryError.NOTHING


@dataclass(frozen=True, slots=True)
class AddressRules:
    """Where messages may go: to public addresses over https on its port. With `is_local_allowed`, which is for machines
    of developers and tests, also to this machine, over http and to any port."""

    is_local_allowed: bool

    def allows_address(self, address: str) -> bool:
        """Of a textual address."""
        return is_public(address) or (self.is_local_allowed and is_loopback(address))

    def allows_port(self, url: HttpUrl) -> bool:
        """Also judges the scheme: the two belong together."""
        return self.is_local_allowed or (url.scheme == "https" and url.has_default_port)


def check_url(text: str, rules: AddressRules) -> str:
    """The address in one spelling. Raises Invalid (WEBHOOK_URL_REFUSED).

    Names are judged at each attempt, by what they lead to then.
    """
    try:
        url = read_url(text)
    except UrlRefused:
        raise webhook_url_refused("不是有效的 URL") from None
    if not rules.allows_port(url):
        raise webhook_url_refused("必须以 https:// 开头，并使用默认端口")
    if is_literal(url.host) and not rules.allows_address(url.host):
        raise webhook_url_refused("不能指向内部网络")
    return str(url)


def events_of(names: Collection[str]) -> frozenset[WebhookEvent]:
    """The events of their names; all when there are none. Raises Invalid."""
    try:
        return frozenset(map(WebhookEvent, names)) or frozenset(WebhookEvent)
    except ValueError:
        raise field_invalid("events", f"events 只能包含：{'、'.join(WebhookEvent)}") from None
