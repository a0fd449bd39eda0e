"""How many wrong passwords may be tried, so that guessing is slow and no stranger can lock a user out.

Three counts, each until its window is over: of one account from one address, of one address for whatever account, and
of one account from wherever. An address from which the account has logged in lately is known to it: there only the
first count matters, so that neither neighbours nor a crowd of strangers use up what its owner may try.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from services.auth.domain.accounts import AccountKey

KNOWN_ADDRESSES_LIMIT = 20
"""Addresses remembered of one user; the one that was not used for longest makes room."""

KNOWN_ADDRESS_LIFETIME = timedelta(days=90)
"""How long an address without logins stays known."""

# What one customer of a provider has for themselves.
_IPV6_PREFIX = 64


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `wrong` in a `window`, which begins with the first of them."""

    wrong: int
    window: timedelta


@dataclass(frozen=True, slots=True)
class LoginLimits:
    """The three limits of the module."""

    account_and_address: Limit
    address: Limit
    account: Limit


@dataclass(frozen=True, slots=True)
class Count:
    """One count that an attempt belongs to. The key tells neither account nor address."""

    key: str
    limit: Limit


def counts_of(account: AccountKey, network: str, limits: LoginLimits, *, is_known: bool) -> tuple[Count, ...]:
    """The counts of an attempt, that of the account and the address first. An unknown address counts for nobody."""
    pair = Count(_key("pair", account, network), limits.account_and_address)
    if is_known:
        return (pair,)
    account_count = Count(_key("account", account), limits.account)
    if not network:
        return (pair, account_count)
    return (pair, account_count, Count(_key("address", network), limits.address))


def network_of(client_address: str) -> str:
    """What stands for an address: itself, of IPv6 the network of its customer; empty when it is none."""
    try:
        address = ip_address(client_address)
    except ValueError:
        return ""
    return _network_of(address)


def network_digest(network: str) -> str:
    """How a known address is kept."""
    return _key("known", network)


def _network_of(address: IPv4Address | IPv6Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((int(address), _IPV6_PREFIX), strict=False))


def _key(kind: str, *parts: str) -> str:
    # "surrogatepass": what is no account can be any text.
    return hashlib.sha256("\0".join((kind, *parts)).encode(errors="surrogatepass")).hexdigest()
