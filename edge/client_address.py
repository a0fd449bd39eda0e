"""The address of a client, also behind the operator's own proxies."""

from __future__ import annotations

from ipaddress import ip_address

from aiohttp import web


class ClientAddresses:
    """Believes `X-Forwarded-For` as far as the operator's proxies wrote it, and no further."""

    def __init__(self, *, trusted_proxies: int) -> None:
        self._trusted_proxies = trusted_proxies

    def of(self, request: web.Request) -> str:
        """Textual address; empty when unknown. With n proxies the n-th entry from the right is the client."""
        peer = request.remote or ""
        if self._trusted_proxies == 0:
            return peer
        hops = [hop.strip() for line in request.headers.getall("X-Forwarded-For", ()) for hop in line.split(",")]
        if len(hops) < self._trusted_proxies:
            return peer
        return _valid(hops[-self._trusted_proxies]) or peer


def _valid(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        return ""
