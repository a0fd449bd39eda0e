"""The endpoints of the dubbing dialect that are served, in the order of the document."""

from __future__ import annotations

from typing import Any

from edge.dubbing_api.endpoints import admin_users, auth, files
from edge.endpoint import Endpoint, StreamingEndpoint

ENDPOINTS: tuple[Endpoint[Any] | StreamingEndpoint[Any], ...] = (
    *auth.ENDPOINTS,
    *files.ENDPOINTS,
    *admin_users.ENDPOINTS,
)
