"""The SDK's objects of one account."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any

from kit.dashscope.clients import Access, load_sdk
from services.speech.engines.dashscope.lines import Line
from services.speech.engines.dashscope.settings import DashScopeSettings

if TYPE_CHECKING:
    from dashscope import AsyncClient, Client

_MODULE = "audio"
_SPEECH = ("websocket", "dashscope.v2.resources.audio", "dashscope.v2.transport.ws")


class Account:
    """Opens what the engines talk through. For the threads of calls, but for `close` and `aclose`."""

    def __init__(self, settings: DashScopeSettings) -> None:
        self.settings = settings
        self._access = Access(settings.api_key, settings.http_url, settings.silence_s)
        self._lock = Lock()
        self._client: Client | None = None

    def client(self) -> Client:
        """For requests that block."""
        with self._lock:
            if self._client is None:
                self._client = self._access.client()
            return self._client

    def async_client(self) -> AsyncClient:
        """A new client, whose owner closes it."""
        return self._access.async_client()

    def synthesis(self, line: Line, *, model: str, voice: str, parameters: dict[str, Any]) -> Any:
        """A session of CosyVoice, not started."""
        load_sdk(*_SPEECH)
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
        load_sdk(*_SPEECH)
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
        load_sdk(*_SPEECH)
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
        load_sdk(*_SPEECH)
        from dashscope.v2.resources.audio.customization import Voices

        return Voices(self.client())

    def close(self) -> None:
        """Ends the connections of requests."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()
