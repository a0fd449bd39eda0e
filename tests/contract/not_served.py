"""Documented endpoints that are not served yet. Serving one takes it off this list."""

from __future__ import annotations

NOT_SERVED_YET: frozenset[tuple[str, str]] = frozenset()

# Endpoints beyond the documents; `docs/contract-notes.md` says what they are.
BEYOND_THE_DOCUMENTS = frozenset(
    {
        ("GET", "/api/cards/admin/export"),
        ("GET", "/api/system/audit"),
        ("GET", "/api/system/link-platforms"),
        ("GET", "/api/tasks/{task_id}/events"),
        ("POST", "/api/webhooks"),
        ("GET", "/api/webhooks"),
        ("DELETE", "/api/webhooks/{webhook_id}"),
        ("POST", "/api/webhooks/{webhook_id}/rotate-secret"),
        ("POST", "/api/webhooks/{webhook_id}/enable"),
        ("GET", "/api/webhooks/{webhook_id}/deliveries"),
    }
)
