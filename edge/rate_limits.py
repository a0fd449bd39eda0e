"""How often one caller may call: a token bucket for each caller and each class of endpoints.

The buckets are those of this replica alone: with n replicas behind a balancer a caller has up to n times as much.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import TypeAlias

from edge.config import RateSettings
from edge.endpoint import RateClass
from kit.clock import Clock
from kit.errors import RateLimited
from kit.rpc.context import Principal
from voxreel.common.v1 import error_reason_pb2 as reasons

# A bucket holds what its rate gives in this time, so that a page that asks for much at once is not refused.
BURST_S = 10.0
# Buckets kept for a class; 150 bytes each. Whoever was not seen for longest starts anew with a full one.
CALLERS_LIMIT = 20_000
# One subscriber's network: within it every address is theirs to choose.
_SUBSCRIBER_BITS = 64

CallerKey: TypeAlias = int | str


KeyOf: TypeAlias = Callable[[Principal | None, str], CallerKey]


def caller_key(principal: Principal | None, address: str) -> CallerKey:
    """Whose bucket it is: the user's, of strangers that of their address, in IPv6 that of their network."""
    return address_key(None, address) if principal is None else principal.user_id


def address_key(_principal: Principal | None, address: str) -> CallerKey:
    """The bucket of the address, in IPv6 of its network, whoever the caller is."""
    return _network_of(address) if ":" in address else address


class TokenBuckets:
    """The buckets of one class of endpoints.

    A bucket is kept as the one moment at which it would be full again (the virtual scheduling of GCRA, ITU-T I.371).
    """

    def __init__(
        self,
        per_s: float,
        *,
        monotonic: Callable[[], float],
        callers_limit: int = CALLERS_LIMIT,
        key_of: KeyOf = caller_key,
    ) -> None:
        self.key_of = key_of
        self._interval_s = 1.0 / per_s
        # A bucket holds at least the one call it is asked for.
        self._tolerance_s = max(0.0, BURST_S - self._interval_s)
        self._monotonic = monotonic
        self._callers_limit = callers_limit
        self._full_at: OrderedDict[CallerKey, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, caller: CallerKey) -> None:
        """One call. Raises RateLimited, which takes nothing and says when to come back."""
        now = self._monotonic()
        full_at = self._full_at
        due = full_at.get(caller, now)
        if due < now:
            due = now
        early_s = due - now - self._tolerance_s
        # What floating point leaves of a difference of large numbers is not early.
        if early_s > 1e-6:
            full_at.move_to_end(caller)
            raise RateLimited(reasons.ERROR_REASON_TOO_MANY_REQUESTS, "请求过于频繁，请稍后重试", retry_after_s=early_s)
        full_at[caller] = due + self._interval_s
        full_at.move_to_end(caller)
        if len(full_at) > self._callers_limit:
            full_at.popitem(last=False)


def make_buckets(settings: RateSettings, clock: Clock) -> Mapping[RateClass, TokenBuckets]:
    """Buckets for every class."""
    rates = {
        RateClass.READ: settings.reads_per_s,
        RateClass.WRITE: settings.writes_per_s,
        RateClass.CREDENTIALS: settings.credentials_per_s,
        RateClass.UPLOAD: settings.uploads_per_s,
        RateClass.TASK: settings.tasks_per_s,
    }
    buckets = {each: TokenBuckets(per_s, monotonic=clock.monotonic) for each, per_s in rates.items()}
    buckets[RateClass.LINK] = TokenBuckets(settings.links_per_s, monotonic=clock.monotonic, key_of=address_key)
    return buckets


@lru_cache(maxsize=4096)
def _network_of(address: str) -> str:
    try:
        # A zone names an interface of this machine, not a caller.
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return f"{int(parsed) >> _SUBSCRIBER_BITS:x}::/{_SUBSCRIBER_BITS}"
