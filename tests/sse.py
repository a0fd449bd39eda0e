"""Reads Server-Sent Events as a browser does (WHATWG HTML, section 9.2)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientResponse


@dataclass(frozen=True, slots=True)
class SentEvent:
    """One event as it came; `id` is that of the latest event that had one."""

    name: str
    id: str
    data: Any


async def sent_events(response: ClientResponse) -> AsyncIterator[SentEvent]:
    """The events of a stream until it ends. Comments and events without data are passed over."""
    fields: dict[str, str] = {}
    last_id = ""
    async for line in response.content:
        text = line.decode().rstrip("\n")
        if text:
            name, _, value = text.partition(":")
            fields[name] = value.removeprefix(" ")
            continue
        last_id = fields.get("id", last_id)
        if "data" in fields:
            yield SentEvent(fields.get("event", "message"), last_id, json.loads(fields["data"]))
        fields = {}
