"""The endpoints of the platform dialect that are served, in the order of the document."""

from __future__ import annotations

from typing import Any

from edge.endpoint import Endpoint, StreamingEndpoint
from edge.platform_api.endpoints import (
    activities,
    admin_users,
    cards,
    credits,
    files,
    links,
    llm,
    materials,
    pricing,
    recognition,
    search,
    speech,
    statistics,
    system,
    tasks,
    users,
    videoretalk,
    voices,
    webhooks,
)

ENDPOINTS: tuple[Endpoint[Any] | StreamingEndpoint[Any], ...] = (
    *system.ENDPOINTS,
    *users.ENDPOINTS,
    *materials.ENDPOINTS,
    *admin_users.ENDPOINTS,
    *credits.ENDPOINTS,
    *pricing.ENDPOINTS,
    *statistics.ENDPOINTS,
    *cards.ENDPOINTS,
    *search.ENDPOINTS,
    *speech.ENDPOINTS,
    *voices.ENDPOINTS,
    *recognition.ENDPOINTS,
    *llm.ENDPOINTS,
    *videoretalk.ENDPOINTS,
    *links.ENDPOINTS,
    *files.ENDPOINTS,
    *activities.ENDPOINTS,
    *tasks.ENDPOINTS,
    *webhooks.ENDPOINTS,
)
