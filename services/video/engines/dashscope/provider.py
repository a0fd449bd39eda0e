"""VideoRetalk over HTTP: a task is ordered, looked at until it has ended, or cancelled.

Of the SDK only its transport is used: its own ways of placing tasks repeat a request whose connection was lost, and a
repeated order is a second one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kit.dashscope.failures import Fault, failure_of
from kit.dashscope.uploads import RESOLVE_HEADERS, Upload, upload
from kit.engines import EngineError, EngineGaveUp
from services.video.engines.dashscope.refusals import raise_failure
from services.video.engines.dashscope.settings import MODEL_NAME, DashScopeSettings
from voxreel.common.v1 import error_reason_pb2 as reasons

if TYPE_CHECKING:
    from dashscope import AsyncClient

_ORDERS = "/services/aigc/image2video/video-synthesis"
_ORDER_HEADERS = {"X-DashScope-Async": "enable", **RESOLVE_HEADERS}
_SERVICE_UNAVAILABLE = 503
_IN_DOUBT = "口型合成服务没有确认订单，未重复提交，请稍后重试"


class Phase(Enum):
    """Where the provider is with an order. Names it may invent are taken for RUNNING."""

    PENDING = auto()
    RUNNING = auto()
    SUCCEEDED = auto()
    FAILED = auto()
    CANCELED = auto()
    UNKNOWN = auto()

    @property
    def is_end(self) -> bool:
        return self not in (Phase.PENDING, Phase.RUNNING)


@dataclass(frozen=True, slots=True)
class Sight:
    """An order as the provider tells of it. `video_url` of one that SUCCEEDED; `code`, `message` of one that FAILED."""

    phase: Phase
    video_url: str = ""
    code: str = ""
    message: str = ""


class OrderTurnedAway(Exception):
    """The provider does not have the order, and may take it later."""


class OrderInDoubt(EngineGaveUp):
    """The order was sent, and nobody knows whether the provider has it."""

    def __init__(self, detail: str) -> None:
        super().__init__(_IN_DOUBT, detail, reasons.ERROR_REASON_PROVIDER_ORDER_IN_DOUBT)


class Provider:
    """One account. Makes its client when it is first asked."""

    def __init__(self, settings: DashScopeSettings) -> None:
        self._settings = settings
        self._making = asyncio.Lock()
        self._client: AsyncClient | None = None

    async def aclose(self) -> None:
        """Ends its connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def upload(self, path: Path, content_type: str) -> str:
        """The address of a file's copy in the provider's storage. Raises EngineError."""
        client = await self._made_client()
        body = await asyncio.to_thread(path.open, "rb")
        try:
            file = Upload(path.name, content_type, body)
            return await upload(client, file, model=MODEL_NAME, timeout_s=self._settings.transfer_s)
        except EngineError:
            raise
        except Exception as error:
            raise_failure(failure_of(error), cause=error)
        finally:
            await asyncio.to_thread(body.close)

    async def order(self, files: Mapping[str, str], *, is_video_extended: bool) -> str:
        """Places an order, once; answers its id. `files`: addresses by the names of the provider's fields.

        Raises OrderTurnedAway, OrderInDoubt, InputRefused, EngineGaveUp.
        """
        wanted = {
            "model": MODEL_NAME,
            "input": dict(files),
            "parameters": {"video_extension": is_video_extended},
        }
        client = await self._made_client()
        try:
            output = await self._ask(client, "POST", _ORDERS, json=wanted, headers=_ORDER_HEADERS)
        except Exception as error:
            failure = failure_of(error)
            if failure.fault is Fault.BUSY or _was_not_taken(error):
                raise OrderTurnedAway(failure.detail) from error
            if failure.fault is Fault.BROKEN:
                raise OrderInDoubt(failure.detail) from error
            raise_failure(failure, code=_code_of(error), cause=error)
        provider_id = output.get("task_id")
        if not isinstance(provider_id, str) or not provider_id:
            raise OrderInDoubt("the provider named no order")
        return provider_id

    async def look(self, provider_id: str) -> Sight | None:
        """The order as it is now; None when the provider does not tell. Raises EngineGaveUp for a refused account."""
        client = await self._made_client()
        try:
            output = await self._ask(client, "GET", f"/tasks/{provider_id}")
        except Exception as error:
            failure = failure_of(error)
            if failure.fault is Fault.ACCOUNT:
                raise_failure(failure, cause=error)
            return None
        return _sight_of(output)

    async def let_go(self, provider_id: str) -> bool:
        """Cancels an order that nobody wants any more. True when the provider is done with it: one that it has begun
        runs to its end. Raises EngineGaveUp for a refused account."""
        sight = await self.look(provider_id)
        if sight is None:
            return False
        if sight.phase is not Phase.PENDING:
            return sight.phase.is_end
        client = await self._made_client()
        try:
            await self._ask(client, "POST", f"/tasks/{provider_id}/cancel", json={})
        except Exception:
            # It has just begun, or the provider did not hear: the next look tells.
            return False
        return True

    async def _ask(self, client: AsyncClient, method: str, path: str, **request: Any) -> Mapping[str, Any]:
        """The `output` of a reply, empty if there is none. Raises the errors of the SDK, TimeoutError, ValueError."""
        from dashscope.v2.errors import check_response

        async with asyncio.timeout(self._settings.silence_s):
            response = await client.transport.request(method, path, **request)
        check_response(response)
        reply = response.json()
        output = reply.get("output") if isinstance(reply, dict) else None
        return output if isinstance(output, dict) else {}

    async def _made_client(self) -> AsyncClient:
        async with self._making:
            if self._client is None:
                self._client = await asyncio.to_thread(self._settings.access.async_client)
            return self._client


def _sight_of(output: Mapping[str, Any]) -> Sight | None:
    status = output.get("task_status")
    if not isinstance(status, str):
        return None
    phase = Phase.__members__.get(status, Phase.RUNNING)
    url, code, message = (str(output.get(name) or "") for name in ("video_url", "code", "message"))
    return Sight(phase, url, code, message)


def _was_not_taken(error: Exception) -> bool:
    """Whether the order surely never reached who takes orders."""
    from httpx import ConnectError, ConnectTimeout

    has_no_connection = isinstance(error.__cause__, ConnectError | ConnectTimeout)
    return has_no_connection or getattr(error, "status_code", None) == _SERVICE_UNAVAILABLE


def _code_of(error: Exception) -> str:
    return str(getattr(error, "code", "") or "")
