"""Streaming calls that end when their reader does."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable
from typing import TypeVar

T = TypeVar("T")


def responses_of(call: AsyncIterable[T]) -> AsyncGenerator[T, None]:
    """The responses of a call made by a Peer's stub. Closing them ends the call at both sides, at once."""
    assert isinstance(call, AsyncGenerator), "only the stubs of a Peer answer generators"
    return call
