"""How the OpenAPI description tells of refusals: which statuses an endpoint can answer, and with which body."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from edge.endpoint import Access, Dialect, Endpoint, NoInput, Source, StreamingEndpoint

Schema = dict[str, Any]
AnyEndpoint = Endpoint[Any] | StreamingEndpoint[Any]

_MEANINGS: Mapping[int, str] = MappingProxyType(
    {
        400: "请求不符合业务规则",
        401: "未登录或登录已失效",
        402: "积分不足",
        403: "没有权限",
        404: "对象不存在",
        408: "请求体接收超时",
        409: "与现有数据冲突",
        413: "请求体过大",
        422: "参数不正确",
        429: "请求过于频繁",
        500: "服务器内部错误",
        503: "服务暂时不可用",
        504: "请求处理超时",
        507: "存储空间不足",
    }
)
# The dubbing dialect knows fewer codes; `edge.errors` maps each of its rows in the same way.
_DUBBING_CODES: Mapping[int, int] = MappingProxyType(
    {408: 400, 409: 400, 413: 400, 422: 400, 429: 400, 503: 500, 504: 500, 507: 500}
)
_NAMES: Mapping[Dialect, str] = MappingProxyType(
    {Dialect.PLATFORM: "PlatformError", Dialect.DUBBING: "DubbingError", Dialect.LINKS: "LinksError"}
)
_CODE: Schema = {"type": "integer", "minimum": 400, "maximum": 599}
_TEXT: Schema = {"type": "string", "minLength": 1}
_BODIES: Mapping[Dialect, Schema] = MappingProxyType(
    {
        Dialect.PLATFORM: {"detail": {**_TEXT, "examples": ["未登录"]}},
        Dialect.DUBBING: {"code": _CODE, "message": _TEXT, "data": {"type": "null"}},
        Dialect.LINKS: {
            "code": _CODE,
            "msg": _TEXT,
            "data": {"type": "null"},
            "timestamp": _TEXT,
            "reason": _TEXT,
        },
    }
)
HEADERS: Mapping[str, Schema] = MappingProxyType(
    {
        "X-Request-Id": {
            "description": "请求编号，排查问题时提供",
            "required": True,
            "schema": {"type": "string", "pattern": "^[A-Za-z0-9._:-]{1,128}$"},
        },
        "X-Error-Reason": {
            "description": "错误原因代码",
            "required": True,
            "schema": {"type": "string", "pattern": "^[A-Z0-9_]+$"},
        },
        "WWW-Authenticate": {"required": True, "schema": {"type": "string"}},
        "Retry-After": {"description": "多少秒后重试", "schema": {"type": "integer", "minimum": 1}},
    }
)


def refusals_of(endpoint: AnyEndpoint) -> dict[str, Schema]:
    """The responses of an endpoint that are not successes, by status."""
    name = _NAMES[endpoint.dialect]
    return {
        str(status): {"$ref": f"#/components/responses/{name}{status}"}
        for status in sorted({_spelled(status, endpoint.dialect) for status in _statuses(endpoint)})
    }


def refusal_components(dialects: Iterable[Dialect]) -> tuple[Schema, Schema]:
    """The schemas and the responses that `refusals_of` refers to, by name."""
    schemas: Schema = {}
    responses: Schema = {}
    for dialect in dialects:
        name = _NAMES[dialect]
        schemas[name] = {
            "type": "object",
            "properties": _BODIES[dialect],
            "required": list(_BODIES[dialect]),
            "additionalProperties": False,
        }
        for status in {_spelled(status, dialect) for status in _MEANINGS}:
            responses[f"{name}{status}"] = _response(name, status)
    return schemas, responses


def header(name: str) -> Schema:
    """A reference to one of `HEADERS`."""
    return {"$ref": f"#/components/headers/{name}"}


def _response(schema: str, status: int) -> Schema:
    names = ["X-Request-Id", "X-Error-Reason"]
    if status == 401:
        names.append("WWW-Authenticate")
    if status in {429, 503, 507}:
        names.append("Retry-After")
    return {
        "description": _MEANINGS[status],
        "headers": {name: header(name) for name in names},
        "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}},
    }


def _spelled(status: int, dialect: Dialect) -> int:
    return _DUBBING_CODES.get(status, status) if dialect is Dialect.DUBBING else status


def _statuses(endpoint: AnyEndpoint) -> Iterator[int]:
    """In the platform's spelling."""
    yield from endpoint.refusals
    # Limits of rates, and what can befall every service behind the edge.
    yield from (429, 500, 503, 504)
    if endpoint.access is not Access.PUBLIC:
        # A frozen user is forbidden everything.
        yield from (401, 403)
    if endpoint.input is not NoInput or endpoint.is_keyed or _reads_body(endpoint):
        yield from (400, 422)
    if _reads_body(endpoint):
        yield from (408, 413)
    if _stores_file(endpoint):
        yield 507
    if "{" in endpoint.path:
        yield 404
    if endpoint.method != "GET":
        yield 409


def _reads_body(endpoint: AnyEndpoint) -> bool:
    if isinstance(endpoint, StreamingEndpoint):
        return _stores_file(endpoint)
    return endpoint.source is Source.BODY and endpoint.input is not NoInput


def _stores_file(endpoint: AnyEndpoint) -> bool:
    return isinstance(endpoint, StreamingEndpoint) and endpoint.multipart_field is not None
