"""What can come of a fetch other than bytes. The texts are for logs; none of them quotes a URL."""

from __future__ import annotations


class FetchError(Exception):
    """Base of them."""


class FetchRefused(FetchError):
    """The URL, an address behind it or a redirect is not allowed; asking again does not help."""


class FetchTooLarge(FetchError):
    """There are more bytes than wanted."""


class FetchTimeout(FetchError):
    """The time was over first."""


class FetchBroken(FetchError):
    """No connection, or it broke, or what came is no HTTP. `status` is the HTTP status where one was the reason."""

    def __init__(self, detail: str, *, status: int = 0) -> None:
        super().__init__(detail)
        self.status = status
