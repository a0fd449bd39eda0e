"""A web that answers what a test has prepared, and remembers what it was asked."""

from __future__ import annotations

from collections.abc import Mapping

from kit.net.errors import FetchError
from kit.net.messages import FetchLimits, HttpRequest, HttpResponse
from tests.unit.video.links.synthetic.case import Reply, reply_to


class FakeWeb:
    """Replies by the beginnings of URLs; `errors` are raised instead."""

    def __init__(self, replies: Mapping[str, Reply] | None = None) -> None:
        self.replies = dict(replies or {})
        self.errors: dict[str, FetchError] = {}
        self.asked: list[HttpRequest] = []

    @property
    def urls(self) -> list[str]:
        return [request.url for request in self.asked]

    async def request(self, request: HttpRequest, *, limits: FetchLimits) -> HttpResponse:
        self.asked.append(request)
        error = next((each for prefix, each in self.errors.items() if request.url.startswith(prefix)), None)
        if error is not None:
            raise error
        reply = reply_to(self.replies, request.url)
        return reply.to(request.url, reply.body())

    async def aclose(self) -> None:
        """Nothing to end."""
