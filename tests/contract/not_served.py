"""Documented endpoints that are not served yet. Serving one takes it off this list."""

from __future__ import annotations

NOT_SERVED_YET = frozenset(
    {
        ("GET", "/api/voices/tags"),
        ("GET", "/api/voices/templates"),
        ("GET", "/api/voices/templates/{template_id}"),
        ("POST", "/api/voices/custom"),
        ("GET", "/api/voices/custom"),
        ("GET", "/api/voices/custom/{voice_id}"),
        ("POST", "/api/synthesis/generate"),
        ("POST", "/api/synthesis/upload-emotion-reference"),
        ("GET", "/api/history"),
        ("GET", "/api/history/{history_id}"),
        ("DELETE", "/api/history/{history_id}"),
        ("GET", "/api/history/{history_id}/download-url"),
    }
)

# Endpoints beyond the documents; `docs/contract-notes.md` says what they are.
BEYOND_THE_DOCUMENTS = frozenset(
    {
        ("GET", "/api/cards/admin/export"),
        ("GET", "/api/system/audit"),
        ("GET", "/api/system/link-platforms"),
    }
)
