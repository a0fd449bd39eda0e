"""Names of what travels beside a message."""

from __future__ import annotations

REQUEST_ID = "x-request-id"
TRACE_PARENT = "traceparent"
CALLER = "x-voxreel-caller"
SERVICE_CREDENTIAL = "x-voxreel-service-token"
AUTHORIZATION = "authorization"
BEARER = "Bearer "
