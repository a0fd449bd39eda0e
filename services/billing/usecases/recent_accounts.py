"""Users that were there a moment ago."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from kit.clock import Clock
from kit.values import value
from services.billing.usecases.ports import UserDirectory

# No longer than a freeze may take to be felt. Between any look at a user and what is written then the user may be
# deleted: this makes that moment longer, not new.
_TRUSTED_S = 1.0
_LIMIT = 10_000


@value
class _Seen:
    account: str
    until: float


class RecentAccounts:
    """A directory that does not ask again for whom it has found within the last second. Nobody is missing for longer
    than a look: those who were not found are asked for each time."""

    def __init__(self, directory: UserDirectory, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock
        self._seen: dict[int, _Seen] = {}

    async def accounts_of(self, user_ids: Collection[int]) -> Mapping[int, str]:
        """See UserDirectory."""
        now = self._clock.monotonic()
        seen = ((user_id, self._seen.get(user_id)) for user_id in user_ids)
        known = {user_id: last.account for user_id, last in seen if last is not None and now < last.until}
        missing = [user_id for user_id in user_ids if user_id not in known]
        if not missing:
            return known
        found = await self._directory.accounts_of(missing)
        # Known since before the answer: when the question was asked they were there.
        self._remember(found, now)
        return {**known, **found}

    def _remember(self, found: Mapping[int, str], asked: float) -> None:
        if len(self._seen) + len(found) > _LIMIT:
            self._seen.clear()
        for user_id, account in found.items():
            self._seen[user_id] = _Seen(account, asked + _TRUSTED_S)
