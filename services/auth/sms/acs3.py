"""Requests to Alibaba Cloud, signed with ACS3-HMAC-SHA256 (their "V3 request body and signature mechanism")."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote

_ALGORITHM = "ACS3-HMAC-SHA256"
_UNRESERVED = "-_.~"
_EMPTY_BODY_SHA256 = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True)
class AccessKey:
    """An AccessKey pair."""

    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Action:
    """What is called: a method of an API, whose parameters all go into the query. The body is empty."""

    host: str
    name: str
    version: str
    parameters: Mapping[str, str]

    @property
    def query(self) -> str:
        """The canonical query: names sorted, everything else than unreserved characters of RFC 3986 escaped."""
        pairs = sorted(self.parameters.items())
        return "&".join(f"{quote(name, safe=_UNRESERVED)}={quote(value, safe=_UNRESERVED)}" for name, value in pairs)


def signed_headers(action: Action, key: AccessKey, *, nonce: str, time: datetime) -> dict[str, str]:
    """All headers of a POST to `/` with the action's query. The nonce must not occur twice within 15 minutes."""
    headers = {
        "host": action.host,
        "x-acs-action": action.name,
        "x-acs-content-sha256": _EMPTY_BODY_SHA256,
        "x-acs-date": time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": nonce,
        "x-acs-version": action.version,
    }
    names = sorted(headers)
    signed = ";".join(names)
    canonical_headers = "".join(f"{name}:{headers[name]}\n" for name in names)
    canonical = "\n".join(("POST", "/", action.query, canonical_headers, signed, _EMPTY_BODY_SHA256))
    to_sign = f"{_ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(key.secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    headers["authorization"] = f"{_ALGORITHM} Credential={key.id},SignedHeaders={signed},Signature={signature}"
    return headers
