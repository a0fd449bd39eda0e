"""How many wrong passwords may be tried, so that guessing is slow and no stranger can lock a user out.

Three counts, each until its window is over: of one account from one address, of one address for whatever account, and
of one account from wherever. An address from which the account has logged in lately is known to it: there only the
first count matters, so that neither neighbours nor a crowd of strangers use up what its owner may try.
"""

from __future__ import annotations

from dataclasses import dataclass

from services.auth.domain.accounts import AccountKey
from services.auth.domain.counts import Count, Limit, count_key


@dataclass(frozen=True, slots=True)
class LoginLimits:
    """The three limits of the module."""

    account_and_address: Limit
    address: Limit
    account: Limit


def counts_of(account: AccountKey, network: str, limits: LoginLimits, *, is_known: bool) -> tuple[Count, ...]:
    """The counts of an attempt, that of the account and the address first. An unknown address counts for nobody."""
    pair = Count(count_key("pair", account, network), limits.account_and_address)
    if is_known:
        return (pair,)
    account_count = Count(count_key("account", account), limits.account)
    if not network:
        return (pair, account_count)
    return (pair, account_count, Count(count_key("address", network), limits.address))
