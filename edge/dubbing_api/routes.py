"""The endpoints of the dubbing dialect that are served, in the order of the document."""

from __future__ import annotations

from typing import Any

from edge.dubbing_api.endpoints import admin_credits, admin_users, auth, credits, files, history, synthesis, voices
from edge.endpoint import Endpoint, StreamingEndpoint

ENDPOINTS: tuple[Endpoint[Any] | StreamingEndpoint[Any], ...] = (
    *auth.ENDPOINTS,
    *voices.ENDPOINTS,
    *synthesis.ENDPOINTS,
    *credits.ENDPOINTS,
    *history.ENDPOINTS,
    *files.ENDPOINTS,
    *admin_users.ENDPOINTS,
    *admin_credits.ENDPOINTS,
)
