"""The API's description, for machines at `/openapi.json` and for people at `/docs` (Swagger UI)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

import orjson
from aiohttp import web

from edge.openapi_refusals import Schema

_ASSETS: Mapping[str, str] = MappingProxyType(
    {
        "swagger-ui.css": "text/css; charset=utf-8",
        "index.css": "text/css; charset=utf-8",
        "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
        "favicon-32x32.png": "image/png",
    }
)
_PAGE = """<!DOCTYPE html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<title>Voxreel API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="stylesheet" href="/docs/index.css">
<link rel="icon" type="image/png" href="/docs/favicon-32x32.png" sizes="32x32">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
_START = """SwaggerUIBundle({url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null});
"""
# Swagger UI sets style attributes; scripts come from here only.
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Mapping[str, str] = MappingProxyType(
    {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": _PAGE_POLICY}
)


class ApiDocs:
    """Serves the description and the pages that show it.

    `describe` is called once, in a thread, when somebody asks first: it takes as long as a tenth of the edge's start.
    """

    def __init__(self, describe: Callable[[], Schema]) -> None:
        self._describe = describe
        self._description: bytes | None = None
        self._describing = asyncio.Lock()
        self._static = _static_folder()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/openapi.json", self._openapi),
            web.get("/docs", self._page),
            web.get("/docs/start.js", self._start),
            web.get("/docs/{asset}", self._asset),
        ]

    async def _openapi(self, _request: web.Request) -> web.Response:
        async with self._describing:
            if self._description is None:
                self._description = orjson.dumps(await asyncio.to_thread(self._describe))
        return web.Response(body=self._description, headers={"Content-Type": "application/json", **_HEADERS})

    async def _page(self, _request: web.Request) -> web.Response:
        return web.Response(text=_PAGE, content_type="text/html", headers=_HEADERS)

    async def _start(self, _request: web.Request) -> web.Response:
        return web.Response(text=_START, content_type="text/javascript", headers=_HEADERS)

    async def _asset(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["asset"]
        if name not in _ASSETS:
            raise web.HTTPNotFound
        return web.FileResponse(
            self._static / name,
            headers={**_HEADERS, "Content-Type": _ASSETS[name], "Cache-Control": "public, max-age=86400"},
        )


def _static_folder() -> Path:
    """Where the package keeps the files of Swagger UI; found without importing its web frameworks."""
    spec = find_spec("swagger_ui")
    if spec is None or spec.origin is None:
        raise RuntimeError("the package swagger-ui-py is not installed")
    return Path(spec.origin).parent / "static"
