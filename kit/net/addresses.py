"""Which network addresses belong to the public internet.

By tables of our own, after IANA's registries of special-purpose addresses: what the standard library takes for global
differs between its versions.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_NOT_PUBLIC_V4 = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # shared by carriers; a cloud's metadata service is at 100.100.100.200
        "127.0.0.0/8",
        "168.63.129.16/32",  # public by its number, but answers a virtual machine for its host
        "169.254.0.0/16",  # link-local, with the metadata service of most clouds
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",  # multicast, reserved, broadcast
    )
)
# All public IPv6 lies in here; whatever else there is belongs to a machine, a link, a site or a translator to IPv4.
_GLOBAL_UNICAST = IPv6Network("2000::/3")
# Inside of it: protocol assignments with Teredo, documentation, and 6to4, which carries an IPv4 address of any kind.
_NOT_PUBLIC_V6 = tuple(IPv6Network(block) for block in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))


def is_public(text: str) -> bool:
    """Whether a textual address is one of the public internet. False for what is no address."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if isinstance(address, IPv4Address):
        return not any(address in block for block in _NOT_PUBLIC_V4)
    return _is_public_v6(address)


def is_loopback(text: str) -> bool:
    """Whether a textual address is this machine's own."""
    try:
        return ip_address(text).is_loopback
    except ValueError:
        return False


def is_literal(host: str) -> bool:
    """Whether a host is an address and no name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_public_v6(address: IPv6Address) -> bool:
    # A zone names an interface of this machine.
    if address.scope_id is not None or address not in _GLOBAL_UNICAST:
        return False
    return not any(address in block for block in _NOT_PUBLIC_V6)
