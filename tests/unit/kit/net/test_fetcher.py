"""The fetcher against a server on this machine, with names that lead where the test says."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

from kit.net.addresses import is_public
from kit.net.errors import FetchBroken, FetchError, FetchRefused, FetchTimeout, FetchTooLarge
from kit.net.fetcher import Fetcher
from kit.net.messages import FetchLimits, HttpRequest

LIMITS = FetchLimits(total_s=5, max_bytes=1 << 20)
SHORT = FetchLimits(total_s=0.2, max_bytes=1 << 20)
SERVER_ADDRESS = "127.0.0.1"


@dataclass
class FakeNames:
    """A name server. Names without an entry lead to the test's server."""

    entries: dict[str, list[Sequence[str]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def __call__(self, name: str) -> Sequence[str]:
        self.asked.append(name)
        answers = self.entries.get(name)
        if answers is None:
            return (SERVER_ADDRESS,)
        return answers.pop(0) if len(answers) > 1 else answers[0]


@dataclass
class World:
    """A server and a fetcher that takes the server's address for a public one."""

    fetcher: Fetcher
    names: FakeNames
    port: int
    connections: list[str]

    def url(self, path: str, host: str = "public.example") -> str:
        return f"http://{host}:{self.port}{path}"


def _is_empty(folder: Path) -> bool:
    return not any(folder.iterdir())


async def _page(_request: web.Request) -> web.Response:
    response = web.Response(text="a page", headers={"X-Other": "1"})
    response.set_cookie("visitor", "1")
    return response


async def _echo(request: web.Request) -> web.Response:
    return web.json_response({**request.headers, "method": request.method, "body": await request.text()})


async def _redirect(request: web.Request) -> web.Response:
    return web.Response(status=302, headers={"Location": request.query["to"]})


async def _loop(request: web.Request) -> web.Response:
    return web.Response(status=307, headers={"Location": f"/loop?{int(request.query_string or 0) + 1}"})


async def _zeros(_request: web.Request) -> web.Response:
    return web.Response(body=bytes(2 << 20))


async def _bomb(_request: web.Request) -> web.Response:
    return web.Response(body=gzip.compress(bytes(64 << 20), 1), headers={"Content-Encoding": "gzip"})


async def _endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"x")
        await asyncio.sleep(0.01)


async def _encoded(request: web.Request) -> web.Response:
    body = b"a page" * 50_000
    kind = request.query_string
    packed = {"gzip": gzip.compress(body), "deflate": zlib.compress(body), "short": gzip.compress(body)[:-20]}
    encoding = {"short": "gzip"}.get(kind, kind)
    return web.Response(body=packed.get(kind, b"not packed"), headers={"Content-Encoding": encoding})


async def _missing(_request: web.Request) -> web.Response:
    return web.Response(status=404)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    connections: list[str] = []

    @web.middleware
    async def note(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        connections.append(request.path)
        return await handler(request)

    app = web.Application(middlewares=[note])
    handlers = {"page": _page, "echo": _echo, "redirect": _redirect, "loop": _loop, "zeros": _zeros, "bomb": _bomb}
    for name, handler in {**handlers, "endless": _endless, "encoded": _encoded, "missing": _missing}.items():
        app.router.add_route("*", f"/{name}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, SERVER_ADDRESS, 0)
    await site.start()
    port: int = runner.addresses[0][1]
    names = FakeNames()
    fetcher = Fetcher(
        resolve=names,
        is_allowed=lambda address: address == SERVER_ADDRESS or is_public(address),
        has_allowed_port=lambda url: url.port == port,
    )
    async with fetcher:
        yield World(fetcher, names, port, connections)
    await runner.cleanup()


async def test_a_page(world: World) -> None:
    response = await world.fetcher.request(HttpRequest(world.url("/page")), limits=LIMITS)
    assert (response.status, response.content_type, response.body) == (200, "text/plain", b"a page")
    assert world.names.asked == ["public.example"]


async def test_what_is_sent_is_what_was_given_and_no_cookie(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("NETRC", "/dev/null")
    await world.fetcher.request(HttpRequest(world.url("/page")), limits=LIMITS)
    request = HttpRequest(world.url("/echo"), {"User-Agent": "reader"}, "POST", b"a=1")
    body = (await world.fetcher.request(request, limits=LIMITS)).body.decode()
    assert '"method": "POST"' in body and '"body": "a=1"' in body and '"User-Agent": "reader"' in body
    assert "Cookie" not in body and "Authorization" not in body


async def test_what_is_sent_is_answered_by_a_status_whatever_the_body(world: World) -> None:
    for path, status in (("/page", 200), ("/endless", 200), ("/missing", 404)):
        assert await world.fetcher.send(HttpRequest(world.url(path)), total_s=5) == status
    with pytest.raises(FetchRefused):
        await world.fetcher.send(HttpRequest("http://10.0.0.1/"), total_s=5)


async def test_a_redirect_is_answered_and_not_followed(world: World) -> None:
    request = HttpRequest(world.url("/redirect?to=//other.example/x"))
    response = await world.fetcher.request(request, limits=LIMITS)
    assert (response.status, response.location) == (302, "http://other.example/x")
    assert world.connections == ["/redirect"]


@pytest.mark.parametrize(
    "addresses",
    [
        ("127.0.0.2",),
        ("10.0.0.1",),
        ("169.254.169.254",),
        ("100.100.100.200",),
        ("::1",),
        ("::ffff:10.0.0.1",),
        ("fd00:ec2::254",),
        (SERVER_ADDRESS, "192.168.0.1"),
    ],
)
async def test_names_that_lead_inside_are_refused_without_a_connection(world: World, addresses: Sequence[str]) -> None:
    world.names.entries["inside.example"] = [addresses]
    for fetching in (
        world.fetcher.request(HttpRequest(world.url("/page", "inside.example")), limits=LIMITS),
        world.fetcher.download(world.url("/page", "inside.example"), Path("/nowhere/file"), limits=LIMITS),
    ):
        with pytest.raises(FetchRefused):
            await fetching
    assert world.connections == []


@pytest.mark.parametrize(
    "host", ["127.0.0.2", "10.0.0.1", "169.254.169.254", "[::1]", "[::ffff:127.0.0.1]", "[::]", "user@public.example"]
)
async def test_addresses_inside_are_refused_without_a_connection(world: World, host: str) -> None:
    with pytest.raises(FetchRefused):
        await world.fetcher.request(HttpRequest(world.url("/page", host)), limits=LIMITS)
    assert (world.connections, world.names.asked) == ([], [])


@pytest.mark.parametrize("url", ["http://public.example:22/", "https://public.example/", "ftp://public.example/", ""])
async def test_other_ports_and_schemes_are_refused(world: World, url: str) -> None:
    with pytest.raises(FetchRefused):
        await world.fetcher.request(HttpRequest(url), limits=LIMITS)
    assert world.names.asked == []


@pytest.mark.parametrize("form", ["2130706433", "0x7f000001", "127.1", "localhost"])
async def test_numbers_in_disguise_are_judged_by_where_they_lead(form: str) -> None:
    async with Fetcher() as fetcher:
        with pytest.raises((FetchRefused, FetchBroken)):
            await fetcher.request(HttpRequest(f"http://{form}/"), limits=LIMITS)


async def test_a_download_follows_redirects_each_judged_anew(world: World, tmp_path: Path) -> None:
    target = tmp_path / "file"
    url = world.url("/redirect?to=" + world.url("/page", "other.example"))
    done = await world.fetcher.download(url, target, limits=LIMITS)
    assert (done.size_bytes, done.content_type) == (6, "text/plain")
    assert target.read_bytes() == b"a page"
    assert world.names.asked == ["public.example", "other.example"]


@pytest.mark.parametrize(
    "to",
    ["http://127.0.0.2:{port}/page", "http://[::ffff:10.0.0.1]/", "http://inside.example:{port}/page", "file:///x", ""],
)
async def test_a_redirect_inside_is_refused(world: World, tmp_path: Path, to: str) -> None:
    world.names.entries["inside.example"] = [("100.64.0.1",)]
    with pytest.raises(FetchRefused):
        await world.fetcher.download(
            world.url("/redirect?to=" + to.format(port=world.port)), tmp_path / "file", limits=LIMITS
        )
    assert world.connections == ["/redirect"]
    assert _is_empty(tmp_path)


async def test_a_name_that_changes_its_mind_is_judged_for_each_connection(world: World) -> None:
    world.names.entries["rebinding.example"] = [(SERVER_ADDRESS,), ("127.0.0.2",)]
    url = world.url("/redirect?to=" + world.url("/page", "rebinding.example"), "rebinding.example")
    await world.fetcher.request(HttpRequest(url, {"Connection": "close"}), limits=LIMITS)
    with pytest.raises(FetchRefused):
        await world.fetcher.request(HttpRequest(world.url("/page", "rebinding.example")), limits=LIMITS)
    assert world.connections == ["/redirect"]


@pytest.mark.parametrize(
    ("path", "limits", "error"),
    [
        ("/loop", LIMITS, FetchRefused),
        ("/zeros", LIMITS, FetchTooLarge),
        ("/bomb", LIMITS, FetchTooLarge),
        ("/endless", SHORT, FetchTimeout),
        ("/endless", FetchLimits(5, 4), FetchTooLarge),
        ("/encoded?short", LIMITS, FetchBroken),
        ("/encoded?br", LIMITS, FetchBroken),
        ("/missing", LIMITS, FetchBroken),
    ],
)
async def test_downloads_that_fail_leave_nothing(
    world: World, tmp_path: Path, path: str, limits: FetchLimits, error: type[FetchError]
) -> None:
    with pytest.raises(error):
        await world.fetcher.download(world.url(path), tmp_path / "file", limits=limits)
    assert _is_empty(tmp_path)


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_compressed_bodies_are_unpacked(world: World, encoding: str) -> None:
    response = await world.fetcher.request(HttpRequest(world.url(f"/encoded?{encoding}")), limits=LIMITS)
    assert response.body == b"a page" * 50_000


async def test_a_slow_name_counts_against_the_time() -> None:
    async def hang(_name: str) -> Sequence[str]:
        await asyncio.Event().wait()
        return ()

    async with Fetcher(resolve=hang) as fetcher:
        with pytest.raises(FetchTimeout):
            await fetcher.request(HttpRequest("http://public.example/"), limits=FetchLimits(0.05, 1))


async def test_nobody_there_is_broken(world: World) -> None:
    world.names.entries["nobody.example"] = [()]
    with pytest.raises(FetchBroken):
        await world.fetcher.request(HttpRequest(world.url("/", "nobody.example")), limits=LIMITS)
