"""From an HTTP request to the handler of its endpoint and back."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import orjson
from aiohttp import web
from pydantic import ValidationError

from edge.attendance import while_connected
from edge.auth import Authenticator, bearer_token
from edge.client_address import ClientAddresses
from edge.endpoint import (
    Access,
    Call,
    Endpoint,
    EventStream,
    In,
    NoInput,
    RateClass,
    Source,
    StreamingEndpoint,
    TextFile,
)
from edge.errors import body_too_large, body_too_slow, shape_error
from edge.event_stream import send_events
from edge.facts import FACTS
from edge.json_kinds import JsonKinds
from edge.rate_limits import TokenBuckets
from edge.reply import file_reply, json_reply
from edge.shared import Shared
from edge.validation import first_problem
from kit.errors import Forbidden, Unauthenticated, Unavailable
from kit.ids import IdSource
from kit.rpc.context import CallContext, Principal, bind_call, unbind_call
from voxreel.common.v1 import error_reason_pb2 as reasons

CALLER = "edge"
JSON_LIMIT_BYTES = 1024 * 1024
_BODY_TIMEOUT_S = 30.0
_KEY_HEADER = "Idempotency-Key"
_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,128}\Z")

InT = TypeVar("InT", bound=In)


class Frame:
    """What serving any endpoint needs."""

    def __init__(
        self,
        shared: Shared,
        authenticator: Authenticator,
        *,
        ids: IdSource,
        addresses: ClientAddresses,
        buckets: Mapping[RateClass, TokenBuckets],
    ) -> None:
        self.shared = shared
        self.ids = ids
        self.buckets = buckets
        self._addresses = addresses
        self._authenticator = authenticator

    async def admit(
        self, request: web.Request, access: Access, buckets: TokenBuckets
    ) -> tuple[str, Principal | None, str]:
        """Token, caller and address. Raises Unauthenticated or Forbidden by what the endpoint demands, RateLimited."""
        address = self._addresses.of(request)
        try:
            token, principal = await self._identify(request.headers.get("Authorization"), access)
        except (Unauthenticated, Forbidden):
            # Or else bad tokens, which are expensive to refuse, would be free.
            buckets.take(buckets.key_of(None, address))
            raise
        buckets.take(buckets.key_of(principal, address))
        return token, principal, address

    async def _identify(self, header: str | None, access: Access) -> tuple[str, Principal | None]:
        if access is Access.PUBLIC:
            return await self._identify_if_possible(header)
        token = bearer_token(header)
        principal = await self._authenticator.principal(token)
        if access is Access.ADMIN and not principal.is_admin:
            raise Forbidden(reasons.ERROR_REASON_ADMIN_REQUIRED, "需要管理员权限")
        return token, principal

    async def _identify_if_possible(self, header: str | None) -> tuple[str, Principal | None]:
        """A stale token must not keep anybody from a public endpoint, least of all from logging in again."""
        if header is None:
            return "", None
        try:
            token = bearer_token(header)
            return token, await self._authenticator.principal(token)
        except (Unauthenticated, Forbidden, Unavailable):
            return "", None


class JsonRoute(Generic[InT]):
    """Serves one JSON endpoint."""

    def __init__(self, endpoint: Endpoint[InT], frame: Frame) -> None:
        self._frame = frame
        self._access = endpoint.access
        self._dialect = endpoint.dialect
        self._words = endpoint.words
        self._success = endpoint.success
        self._handler = endpoint.handler
        self._buckets = frame.buckets[endpoint.rate_class]
        self._is_keyed = endpoint.is_keyed
        self._is_attended = endpoint.is_attended
        self._timeout_s = endpoint.timeout_s
        self._route = f"{endpoint.method} {endpoint.path}"
        self._parse = _Parser(endpoint.input, endpoint.path, endpoint.source)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """The aiohttp handler."""
        facts = request[FACTS]
        facts.route = self._route
        facts.dialect = self._dialect
        facts.words = self._words
        headers = request.headers
        frame = self._frame
        token, principal, address = await frame.admit(request, self._access, self._buckets)
        if principal is not None:
            facts.user_id = principal.user_id
        given = await self._parse(request)
        call = Call(
            frame.shared,
            principal,
            _request_key(headers.get(_KEY_HEADER), frame.ids) if self._is_keyed else "",
            address,
            _KEY_HEADER in headers,
        )
        bound = bind_call(
            CallContext(
                facts.request_id,
                facts.trace_parent,
                CALLER,
                token,
                principal,
                False,
                time.monotonic() + self._timeout_s,
            )
        )
        try:
            answering = self._answer(request, given, call)
            return await (while_connected(request, answering) if self._is_attended else answering)
        finally:
            unbind_call(bound)

    async def _answer(self, request: web.Request, given: InT, call: Call) -> web.StreamResponse:
        reply = await self._handler(given, call)
        if isinstance(reply, EventStream):
            return await send_events(request, reply, self._dialect)
        if isinstance(reply, TextFile):
            return file_reply(reply)
        return json_reply(reply, self._dialect, self._success)


class StreamingRoute(Generic[InT]):
    """Serves one endpoint that moves bytes. Each of its calls has its own deadline; the whole has none."""

    def __init__(self, endpoint: StreamingEndpoint[InT], frame: Frame) -> None:
        self._frame = frame
        self._access = endpoint.access
        self._dialect = endpoint.dialect
        self._words = endpoint.words
        self._success = endpoint.success
        self._handler = endpoint.handler
        self._buckets = frame.buckets[endpoint.rate_class]
        self._is_keyed = endpoint.is_keyed
        self._route = f"{endpoint.method} {endpoint.path}"
        self._parse = _Parser(endpoint.input, endpoint.path, Source.QUERY)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """The aiohttp handler."""
        facts = request[FACTS]
        facts.route = self._route
        facts.dialect = self._dialect
        facts.words = self._words
        headers = request.headers
        token, principal, address = await self._frame.admit(request, self._access, self._buckets)
        if principal is not None:
            facts.user_id = principal.user_id
        given = await self._parse(request)
        key = _request_key(headers.get(_KEY_HEADER), self._frame.ids) if self._is_keyed else ""
        call = Call(self._frame.shared, principal, key, address, _KEY_HEADER in headers)
        bound = bind_call(CallContext(facts.request_id, facts.trace_parent, CALLER, token, principal))
        try:
            reply = await self._handler(given, call, request)
        finally:
            unbind_call(bound)
        return reply if isinstance(reply, web.StreamResponse) else json_reply(reply, self._dialect, self._success)


class _Parser(Generic[InT]):
    """Makes an endpoint's input of a request."""

    def __init__(self, model: type[InT], path: str, source: Source) -> None:
        self._validate = model.model_validate
        self._has_path_fields = "{" in path
        self._source = source
        described = model.model_json_schema().get("properties", {})
        self._kinds = JsonKinds(described, model.words)
        self._words = model.words
        self._lists = _list_fields(described)
        self._nothing = model() if model is NoInput else None

    async def __call__(self, request: web.Request) -> InT:
        """Raises RequestRefused."""
        if self._nothing is not None:
            return self._nothing
        fields = await self._body(request) if self._source is Source.BODY else self._query(request)
        if self._has_path_fields:
            fields |= request.match_info
        try:
            return self._validate(fields)
        except ValidationError as error:
            raise shape_error(first_problem(error, self._words)) from None

    def _query(self, request: web.Request) -> dict[str, Any]:
        query = request.query
        fields: dict[str, Any] = dict(query)
        for name in self._lists & fields.keys():
            fields[name] = query.getall(name)
        return fields

    async def _body(self, request: web.Request) -> dict[str, Any]:
        body = await _json_body(request)
        self._kinds.check(body)
        return body


def _list_fields(described: Mapping[str, Any]) -> frozenset[str]:
    """Fields that a query may repeat."""
    return frozenset(
        name
        for name, schema in described.items()
        if any(each.get("type") == "array" for each in schema.get("anyOf", (schema,)))
    )


async def _json_body(request: web.Request) -> dict[str, Any]:
    declared = request.content_length
    if declared is not None and declared > JSON_LIMIT_BYTES:
        raise body_too_large(JSON_LIMIT_BYTES)
    try:
        async with asyncio.timeout(_BODY_TIMEOUT_S):
            body = await request.read()
    except TimeoutError:
        raise body_too_slow() from None
    except web.HTTPRequestEntityTooLarge:
        # It came in chunks or compressed, so that only reading it told.
        raise body_too_large(JSON_LIMIT_BYTES) from None
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise shape_error("请求体不是有效的 JSON") from None
    if not isinstance(parsed, dict):
        raise shape_error("请求体必须是 JSON 对象")
    return parsed


def _request_key(sent: str | None, ids: IdSource) -> str:
    """The client's idempotency key, else a new one, so that repeats on the way are harmless."""
    if sent is None:
        # Those of one moment lie side by side in the index that keeps them unique, so that their commit writes less.
        return ids.ordered()
    if _IDEMPOTENCY_KEY.match(sent) is None:
        raise shape_error("请求头 Idempotency-Key 必须是 1 到 128 个可见 ASCII 字符")
    return sent
