"""Takes a journey through a running stack and writes down what was answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import aiohttp

from edge.contract.reader import bare_path, documented_endpoints
from tests.polling import eventually
from tests.stack.contract.step import Actor, Step, value_at
from tests.stack.harness import Stack

_WITHIN_S = 120.0


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a step was answered. `failure` says why a step could not be sent, or what it waited for in vain."""

    status: int = 0
    body: Any = None
    failure: str = ""


class Traveller:
    """Sends steps one after the other. A step that fails does not end the journey."""

    def __init__(self, stack: Stack, session: aiohttp.ClientSession) -> None:
        self._base_url = stack.base_url
        self._session = session
        self._kept = {"base_url": stack.base_url, "admin_password": stack.admin_password}

    async def go(self, step: Step) -> Exchange:
        """The last answer to the step."""
        try:
            exchange = await self._until_as_wanted(step)
            if exchange.status == step.status:
                for name, place in step.keeps.items():
                    self._kept[name] = str(value_at(place, exchange.body))
        except (KeyError, IndexError, TypeError) as error:
            return Exchange(failure=f"nothing there: {error}")
        return exchange

    async def _until_as_wanted(self, step: Step) -> Exchange:
        wanted = {place: self._filled(value) for place, value in step.until.items()}
        last = Exchange()

        async def is_as_wanted() -> bool:
            nonlocal last
            last = await self._send(step)
            return not wanted or (last.status == step.status and _has(last.body, wanted))

        try:
            await eventually(is_as_wanted, within_s=_WITHIN_S)
        except AssertionError:
            return Exchange(last.status, last.body, failure=f"{wanted} did not come true")
        return last

    async def _send(self, step: Step) -> Exchange:
        path = step.path.format_map({name: self._filled(value) for name, value in step.ids.items()})
        token = self._kept[step.by.value] if step.by is not Actor.ANYBODY else ""
        async with self._session.request(
            step.method,
            self._base_url + path,
            params={name: self._filled(value) for name, value in parse_qsl(step.query)},
            headers={"Authorization": f"Bearer {token}"} if token else {},
            **self._content(step),
        ) as response:
            if response.content_type == "application/json":
                return Exchange(response.status, await response.json())
            content = await response.read()
            return Exchange(response.status, {"content_type": response.content_type, "size": len(content)})

    def _content(self, step: Step) -> dict[str, Any]:
        if step.upload is not None:
            form = aiohttp.FormData(quote_fields=False)
            form.add_field("file", step.upload.content, filename=step.upload.filename)
            return {"data": form}
        if step.form:
            form = aiohttp.FormData(default_to_multipart=True)
            for name, value in step.form.items():
                form.add_field(name, self._filled(value))
            return {"data": form}
        examples = documented_endpoints()[(step.method, bare_path(step.path))].request_examples
        documented = examples[step.request] if examples else {}
        assert isinstance(documented, dict)
        body = documented | {name: self._filled(value) for name, value in step.changes.items()}
        return {"json": body} if body else {}

    def _filled(self, value: Any) -> Any:
        return value.format_map(self._kept) if isinstance(value, str) else value


async def travel(stack: Stack, steps: Iterable[Step]) -> Mapping[str, Exchange]:
    """What each step was answered, by its name."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_WITHIN_S)) as session:
        traveller = Traveller(stack, session)
        return {step.name: await traveller.go(step) for step in steps}


def _has(reply: Any, wanted: Mapping[str, Any]) -> bool:
    try:
        return all(value_at(place, reply) == value for place, value in wanted.items())
    except (KeyError, IndexError, TypeError):
        return False
