"""The HTTP client for addresses that come from outside.

Every hop is checked anew: the URL's form and port, then every address its name has, and the connection is made to
exactly those addresses. No proxy, credential or cookie of this machine or of an earlier hop goes along.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from io import BufferedWriter
from pathlib import Path
from typing import Self

import aiohttp
from yarl import URL

from kit.net.addresses import is_literal, is_public
from kit.net.bodies import bounded
from kit.net.errors import FetchBroken, FetchRefused, FetchTimeout
from kit.net.messages import Downloaded, FetchLimits, HttpRequest, HttpResponse
from kit.net.resolver import GuardedResolver, Resolve, SystemResolver
from kit.net.urls import HttpUrl, UrlRefused, follow, read_url

_CONNECTIONS = 32
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Fetcher:
    """Made once a process and closed at its end. `is_allowed` judges textual addresses, `has_allowed_port` URLs."""

    def __init__(
        self,
        *,
        resolve: Resolve | None = None,
        is_allowed: Callable[[str], bool] = is_public,
        has_allowed_port: Callable[[HttpUrl], bool] = lambda url: url.has_default_port,
    ) -> None:
        self._system = SystemResolver()
        self._resolver = GuardedResolver(resolve or self._system, is_allowed)
        self._is_allowed = is_allowed
        self._has_allowed_port = has_allowed_port
        self._session: aiohttp.ClientSession | None = None

    async def aclose(self) -> None:
        """Ends its connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()
        self._system.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.aclose()

    async def request(self, request: HttpRequest, *, limits: FetchLimits) -> HttpResponse:
        """One request; redirects are answered, not followed. Raises FetchError."""
        async with _failures(limits.total_s):
            url = _read(request.url)
            async with self._hop(url, request) as response:
                body = b"".join([part async for part in bounded(response, limits.max_bytes)])
            return HttpResponse(
                url=str(url),
                status=response.status,
                content_type=response.content_type,
                location=_location(url, response),
                body=body,
            )

    async def send(self, request: HttpRequest, *, total_s: float) -> int:
        """The status of one request's reply, whose body is not read; redirects are not followed. Raises FetchError."""
        async with _failures(total_s), self._hop(_read(request.url), request) as response:
            response.close()
            return response.status

    async def download(self, url: str, target: Path, *, limits: FetchLimits) -> Downloaded:
        """The file behind a URL and its redirects, written to `target`, which must not exist.

        Raises FetchError, or OSError of the disk; then nothing stays at `target`.
        """
        async with _failures(limits.total_s):
            current = _read(url)
            for _ in range(limits.max_hops + 1):
                async with self._hop(current, HttpRequest(str(current))) as response:
                    if response.status not in _REDIRECTS:
                        return await _keep(response, current, target=target, max_bytes=limits.max_bytes)
                    current = _next(current, response)
            raise FetchRefused("too many redirects")

    @asynccontextmanager
    async def _hop(self, url: HttpUrl, request: HttpRequest) -> AsyncIterator[aiohttp.ClientResponse]:
        self._check(url)
        headers = {"Accept": "*/*", "Accept-Encoding": "gzip", **request.headers}
        async with self._opened().request(
            request.method,
            # As it is spelled: a signed URL must not be quoted once more.
            URL(str(url), encoded=True),
            headers=headers,
            data=request.body or None,
            allow_redirects=False,
        ) as response:
            yield response

    def _opened(self) -> aiohttp.ClientSession:
        """The session, made when it is first needed: it belongs to the event loop that uses it."""
        if self._session is None:
            # The cache of names is off: what is connected to is what was judged for this connection.
            connector = aiohttp.TCPConnector(resolver=self._resolver, use_dns_cache=False, limit=_CONNECTIONS)
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
                auto_decompress=False,
                trust_env=False,
            )
        return self._session

    def _check(self, url: HttpUrl) -> None:
        if not self._has_allowed_port(url):
            raise FetchRefused("the port is not allowed")
        # Names are judged by the resolver, which is not asked for addresses.
        if is_literal(url.host) and not self._is_allowed(url.host):
            raise FetchRefused("the address is not public")


async def _keep(response: aiohttp.ClientResponse, url: HttpUrl, *, target: Path, max_bytes: int) -> Downloaded:
    if response.status != 200:
        raise FetchBroken("the server refuses", status=response.status)
    size_bytes = 0
    file = await asyncio.to_thread(target.open, "xb")
    try:
        async for part in bounded(response, max_bytes):
            await asyncio.to_thread(file.write, part)
            size_bytes += len(part)
        await asyncio.to_thread(file.close)
    except BaseException:
        await asyncio.to_thread(_discard, file, target)
        raise
    return Downloaded(str(url), response.content_type, size_bytes)


def _discard(file: BufferedWriter, target: Path) -> None:
    file.close()
    target.unlink(missing_ok=True)


@asynccontextmanager
async def _failures(total_s: float) -> AsyncIterator[None]:
    """Makes the errors of a bounded fetch ours."""
    try:
        async with asyncio.timeout(total_s):
            yield
    except TimeoutError as error:
        raise FetchTimeout("out of time") from error
    except (aiohttp.ClientError, ConnectionError) as error:
        # The type only: the messages quote addresses.
        raise FetchBroken(type(error).__name__) from error


def _read(text: str) -> HttpUrl:
    try:
        return read_url(text)
    except UrlRefused as error:
        raise FetchRefused(str(error)) from error


def _next(url: HttpUrl, response: aiohttp.ClientResponse) -> HttpUrl:
    try:
        return follow(url, response.headers.get("Location", ""))
    except UrlRefused as error:
        raise FetchRefused(str(error)) from error


def _location(url: HttpUrl, response: aiohttp.ClientResponse) -> str:
    try:
        return str(follow(url, response.headers.get("Location", "")))
    except UrlRefused:
        return ""
