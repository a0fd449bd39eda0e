"""Sessions: what a refresh token stands for, and what access tokens made from it say.

A password change voids every access token issued before it. A refresh that read its session just before the
change committed must not get a token dated after it, so refreshed tokens are dated back by
`REFRESH_BACKDATING`, more than a commit takes; but never before their session, which a user may have opened
right after the change.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

ACCESS_TOKEN_LIFETIME = timedelta(hours=1)
REFRESH_TOKEN_LIFETIME = timedelta(days=30)
REFRESH_BACKDATING = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Session:
    """One login. `token_hash` is what is stored of its refresh token."""

    user_id: int
    token_hash: str
    create_time: datetime
    expire_time: datetime

    def is_live(self, now: datetime) -> bool:
        return now < self.expire_time


def open_session(user_id: int, token_hash: str, *, now: datetime) -> Session:
    """The session of a login at this time."""
    return Session(user_id, token_hash, now, now + REFRESH_TOKEN_LIFETIME)


def refreshed_issue_time(session: Session, now: datetime) -> datetime:
    """When an access token made from this session now counts as issued."""
    return max(session.create_time, now - REFRESH_BACKDATING)


def hash_refresh_token(token: str) -> str:
    """SHA-256 in hex. The token has 256 random bits, so a slow hash would protect nothing more."""
    return hashlib.sha256(token.encode()).hexdigest()
