"""All endpoints that are served: those of both documents."""

from __future__ import annotations

from typing import Any

from edge.dubbing_api import routes as dubbing
from edge.endpoint import Endpoint, StreamingEndpoint
from edge.platform_api import routes as platform

ENDPOINTS: tuple[Endpoint[Any] | StreamingEndpoint[Any], ...] = (*platform.ENDPOINTS, *dubbing.ENDPOINTS)
