"""Writes the OpenAPI 3.1 description from the endpoint table, with titles and examples of the contract."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pydantic import TypeAdapter

from edge.contract.reader import Documented, documented_endpoints
from edge.endpoint import Access, Dialect, In, NoInput, Source, StreamingEndpoint, Success
from edge.openapi_refusals import HEADERS, AnyEndpoint, Schema, header, refusal_components, refusals_of

_JSON = "application/json"
_EVENT_STREAM = "text/event-stream"
_TEXT: Schema = {"schema": {"type": "string"}}
_PATH_FIELD = re.compile(r"\{(\w+)\}")
_IDEMPOTENCY_PARAMETER: Schema = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "相同的键和请求体只执行一次，重复请求得到相同的结果",
    "schema": {"type": "string", "pattern": "^[!-~]{1,128}$"},
}
_LAST_EVENT_PARAMETER: Schema = {
    "name": "Last-Event-ID",
    "in": "header",
    "required": False,
    "description": "断线重连时最后收到的事件 id：状态没有变化则不重复发送",
    "schema": {"type": "string"},
}


def describe_api(endpoints: Iterable[AnyEndpoint], *, version: str, base_url: str) -> Schema:
    """The whole document. `base_url` is where clients reach the platform; empty means where they read this."""
    listed = tuple(endpoints)
    inputs, outputs, definitions = _schemas(listed)
    documented = documented_endpoints()
    paths: dict[str, dict[str, Schema]] = {}
    for endpoint in listed:
        key = (endpoint.method, endpoint.path)
        writer = _OperationWriter(endpoint, documented.get(key), inputs[key], outputs.get(key))
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = writer.write()
    error_schemas, error_responses = refusal_components(dict.fromkeys(each.dialect for each in listed))
    return {
        "openapi": "3.1.0",
        "info": {"title": "Voxreel", "version": version, "description": "AI 配音与数字人视频平台"},
        "servers": [{"url": base_url or "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(endpoint.tag for endpoint in listed)],
        "paths": paths,
        "components": {
            "schemas": definitions | error_schemas,
            "responses": error_responses,
            "headers": dict(HEADERS),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _schemas(
    endpoints: tuple[AnyEndpoint, ...],
) -> tuple[dict[tuple[str, str], Schema], dict[tuple[str, str], Schema], Schema]:
    """Inputs and outputs by method and path, and the definitions they share."""
    adapters: list[tuple[tuple[str, str, str], Any, TypeAdapter[Any]]] = []
    for endpoint in endpoints:
        key = (endpoint.method, endpoint.path)
        if endpoint.output is not None:
            adapters.append(((*key, "output"), "serialization", TypeAdapter(endpoint.output)))
    by_key, found = TypeAdapter.json_schemas(adapters, ref_template="#/components/schemas/{model}")
    outputs = {(method, path): schema for ((method, path, _), _), schema in by_key.items()}
    definitions: Schema = found.get("$defs", {})
    for definition in definitions.values():
        # Docstrings are for developers.
        definition.pop("description", None)
        if "properties" in definition:
            definition["additionalProperties"] = False
    inputs = {(endpoint.method, endpoint.path): endpoint.input.model_json_schema() for endpoint in endpoints}
    return inputs, outputs, definitions


class _OperationWriter:
    """Describes one endpoint."""

    def __init__(
        self,
        endpoint: AnyEndpoint,
        documented: Documented | None,
        input_schema: Schema,
        output_schema: Schema | None,
    ) -> None:
        self._endpoint = endpoint
        self._documented = documented
        self._fields: Schema = input_schema.get("properties", {})
        self._required = frozenset(input_schema.get("required", ()))
        self._output = output_schema
        self._path_fields = frozenset(_PATH_FIELD.findall(endpoint.path))

    def write(self) -> Schema:
        endpoint = self._endpoint
        operation: Schema = {
            "operationId": _operation_id(endpoint),
            "summary": self._title(),
            "tags": [endpoint.tag],
            "responses": self._responses(),
        }
        if endpoint.notes:
            operation["description"] = endpoint.notes
        parameters = self._parameters()
        if parameters:
            operation["parameters"] = parameters
        body = self._request_body()
        if body is not None:
            operation["requestBody"] = body
        if endpoint.access is not Access.PUBLIC:
            operation["security"] = [{"bearer": []}]
        return operation

    def _title(self) -> str:
        if self._documented is not None:
            return self._documented.title
        return self._endpoint.title or self._endpoint.path

    def _parameters(self) -> list[Schema]:
        has_query = isinstance(self._endpoint, StreamingEndpoint) or self._endpoint.source is Source.QUERY
        parameters = [
            {
                "name": name,
                "in": "path" if name in self._path_fields else "query",
                "required": name in self._required,
                "schema": schema,
            }
            for name, schema in self._fields.items()
            if has_query or name in self._path_fields
        ]
        if self._endpoint.is_keyed:
            parameters.append(_IDEMPOTENCY_PARAMETER)
        if self._is_followed:
            parameters.append(_LAST_EVENT_PARAMETER)
        return parameters

    def _request_body(self) -> Schema | None:
        endpoint = self._endpoint
        if isinstance(endpoint, StreamingEndpoint):
            if endpoint.multipart_field is None:
                return None
            return _multipart_body(endpoint.multipart_field, endpoint.multipart_alternative, endpoint.multipart_texts)
        if endpoint.input is NoInput or endpoint.source is not Source.BODY:
            return None
        names = [name for name in self._fields if name not in self._path_fields]
        schema: Schema = {"type": "object", "properties": {name: self._fields[name] for name in names}}
        required = [name for name in names if name in self._required]
        if required:
            schema["required"] = required
        content: Schema = {"schema": schema}
        if self._documented and self._documented.request_examples:
            content["example"] = self._documented.request_examples[0]
        return {"required": True, "content": {_JSON: content}}

    def _responses(self) -> Schema:
        success = {**self._success(), "headers": {"X-Request-Id": header("X-Request-Id")}}
        responses = {str(self._endpoint.success.code): success, **refusals_of(self._endpoint)}
        if self._is_followed:
            responses["204"] = {"description": "最后收到的事件已是终态，无需重连"}
        return responses

    @property
    def _is_followed(self) -> bool:
        """Whether the reply goes on for as long as there is news."""
        return isinstance(self._endpoint, StreamingEndpoint) and self._endpoint.media_type == _EVENT_STREAM

    def _success(self) -> Schema:
        if self._is_followed:
            return {"description": "事件流", "content": {_EVENT_STREAM: {}}}
        if isinstance(self._endpoint, StreamingEndpoint) and self._output is None:
            schema = {"type": "string", "format": "binary"}
            return {"description": "文件内容", "content": {self._endpoint.media_type: {"schema": schema}}}
        is_enveloped = self._endpoint.dialect is Dialect.DUBBING
        content: Schema = {"schema": _envelope(self._output, self._endpoint.success) if is_enveloped else self._output}
        examples = self._documented.response_examples if self._documented else ()
        if examples:
            content["examples"] = {f"example{number}": {"value": body} for number, body in enumerate(examples, 1)}
        others = () if isinstance(self._endpoint, StreamingEndpoint) else self._endpoint.other_media
        # The events of a stream are described in words: a schema would be taken for that of each event.
        described = {media: {} if media == _EVENT_STREAM else _TEXT for media in others}
        return {"description": "成功", "content": {_JSON: content, **described}}


def _envelope(data: Schema | None, success: Success) -> Schema:
    properties: Schema = {"code": {"const": success.code}, "message": {"const": success.message}, "data": data}
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _multipart_body(field: str, alternative: str | None, texts: type[In] | None) -> Schema:
    described = {} if texts is None else texts.model_json_schema()
    # Raw bytes have no JSON type.
    properties = {field: {"contentMediaType": "application/octet-stream"}, **described.get("properties", {})}
    schema: Schema = {"type": "object", "properties": properties}
    if alternative is None:
        schema["required"] = [field, *described.get("required", ())]
    else:
        schema["properties"][alternative] = {"type": "string", "minLength": 1}
        schema["oneOf"] = [{"required": [field]}, {"required": [alternative]}]
    return {"required": True, "content": {"multipart/form-data": {"schema": schema}}}


def _operation_id(endpoint: AnyEndpoint) -> str:
    words = re.findall(r"\w+", endpoint.path.removeprefix("/api"))
    return "_".join([endpoint.method.lower(), *words]) if words else f"{endpoint.method.lower()}_root"
