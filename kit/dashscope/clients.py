"""The SDK's clients. The SDK takes seconds and much memory to import: only who asks for one pays."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from importlib import import_module
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dashscope import AsyncClient, Client

ENGINE_NAME = "dashscope"
HTTP_URL = "https://dashscope.aliyuncs.com/api/v1"

_PARTS = ("dashscope", "dashscope.v2.client", "dashscope.v2.errors")
_loading = Lock()


def load_sdk(*more: str) -> None:
    """Imports what is used of the SDK, in one thread at a time: its modules import each other in circles, and threads
    that meet in them fail with a deadlock. `more` names modules beyond those of the clients."""
    with _loading:
        for part in (*more, *_PARTS):
            import_module(part)


@dataclass(frozen=True, slots=True)
class Access:
    """One account. `silence_s`: the longest time without a word from the provider. No request is ever repeated: a
    repeated order would be a second one."""

    api_key: str = field(repr=False)
    http_url: str
    silence_s: float

    def client(self) -> Client:
        """For requests that block. A new client, whose owner closes it; blocks while the SDK is imported."""
        load_sdk()
        from dashscope.v2.client import Client

        return Client(**self._options())

    def async_client(self) -> AsyncClient:
        """A new client, whose owner closes it; blocks while the SDK is imported."""
        load_sdk()
        from dashscope.v2.client import AsyncClient

        return AsyncClient(**self._options())

    def _options(self) -> dict[str, Any]:
        return {
            "api_key": self.api_key,
            "base_url": self.http_url,
            "protocol": "native",
            "timeout": self.silence_s,
            "max_retries": 0,
            # A file in the home of whoever runs the service must not decide about it.
            "config_path": os.devnull,
        }
