"""From where somebody calls: addresses as they are counted and remembered."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from services.auth.domain.counts import count_key

KNOWN_ADDRESSES_LIMIT = 20
"""Addresses remembered of one user; the one that was not used for longest makes room."""

KNOWN_ADDRESS_LIFETIME = timedelta(days=90)
"""How long an address without logins stays known."""

# What one customer of a provider has for themselves.
_IPV6_PREFIX = 64


def network_of(client_address: str) -> str:
    """What stands for an address: itself, of IPv6 the network of its customer; empty when it is none."""
    try:
        address = ip_address(client_address)
    except ValueError:
        return ""
    return _network_of(address)


def network_digest(network: str) -> str:
    """How a known address is kept."""
    return count_key("known", network)


def _network_of(address: IPv4Address | IPv6Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((int(address), _IPV6_PREFIX), strict=False))
