"""The SDK's objects of one account. The SDK takes seconds and much memory to import: only who asks for it pays."""

from __future__ import annotations

import os
from importlib import import_module
from threading import Lock
from typing import TYPE_CHECKING, Any

from services.speech.engines.dashscope.lines import Line
from services.speech.engines.dashscope.settings import DashScopeSettings

if TYPE_CHECKING:
    from dashscope import AsyncClient, Client

_MODULE = "audio"
_PARTS = (
    "websocket",
    "dashscope",
    "dashscope.v2.client",
    "dashscope.v2.errors",
    "dashscope.v2.resources.audio",
    "dashscope.v2.transport.ws",
)
_loading = Lock()


def load_sdk() -> None:
    """Imports what is used of the SDK, in one thread at a time: its modules import each other in circles, and threads
    that meet in them fail with a deadlock."""
    with _loading:
        for part in _PARTS:
            import_module(part)


class Account:
    """Opens what the engines talk through. For the threads of calls, but for `close` and `aclose`."""

    def __init__(self, settings: DashScopeSettings) -> None:
        self.settings = settings
        self._lock = Lock()
        self._client: Client | None = None

    def client(self) -> Client:
        """For requests that block. It repeats none: a repeated enrolment would leave a second voice behind."""
        load_sdk()
        from dashscope.v2.client import Client

        with self._lock:
            if self._client is None:
                self._client = Client(**self._options())
            return self._client

    def async_client(self) -> AsyncClient:
        """A new client, whose owner closes it."""
        load_sdk()
        from dashscope.v2.client import AsyncClient

        return AsyncClient(**self._options())

    def synthesis(self, line: Line, *, model: str, voice: str, parameters: dict[str, Any]) -> Any:
        """A session of CosyVoice, not started."""
        load_sdk()
        from dashscope.v2.resources.audio.tts import SynthesisSession

        return SynthesisSession(
            self.client(),
            model=model,
            voice=voice,
            format=parameters["format"],
            sample_rate=parameters["sample_rate"],
            parameters=parameters,
            ws_url=self.settings.websocket_url,
            connector=line.connect,
            timeout=self.settings.silence_s,
        )

    def recognition(self, line: Line, *, parameters: dict[str, Any]) -> Any:
        """A session of Gummy, not started."""
        load_sdk()
        from dashscope.v2.resources.audio.asr import Recognition

        return Recognition(
            self.client(),
            model=self.settings.recognition_model,
            format=parameters["format"],
            sample_rate=parameters["sample_rate"],
            parameters=parameters,
            ws_url=self.settings.websocket_url,
            connector=line.connect,
            timeout=self.settings.silence_s,
        )

    def task(self, line: Line) -> Any:
        """A bare task over a new WebSocket, for models that the SDK has no session for."""
        load_sdk()
        from dashscope.v2.transport.ws import WsSession

        return WsSession(
            url=self.settings.websocket_url,
            api_key=self.settings.api_key,
            connector=line.connect,
            module=_MODULE,
            timeout=self.settings.silence_s,
        )

    def voices(self) -> Any:
        """Enrolled voices."""
        load_sdk()
        from dashscope.v2.resources.audio.customization import Voices

        return Voices(self.client())

    def close(self) -> None:
        """Ends the connections of requests."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _options(self) -> dict[str, Any]:
        return {
            "api_key": self.settings.api_key,
            "base_url": self.settings.http_url,
            "protocol": "native",
            "timeout": self.settings.silence_s,
            "max_retries": 0,
            # A file in the home of whoever runs the service must not decide about it.
            "config_path": os.devnull,
        }
