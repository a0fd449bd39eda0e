"""What users are called, for replies of services that only know their ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from edge.clients import Clients
from voxreel.auth.v1 import user_service_pb2 as users

# As many as auth answers at once.
_BATCH_LIMIT = 500


async def accounts_of(user_ids: Iterable[int], clients: Clients) -> Mapping[int, str]:
    """Accounts by id, in one call for a page. Users that were deleted are left out."""
    wanted = sorted(set(user_ids))
    found: dict[int, str] = {}
    for first in range(0, len(wanted), _BATCH_LIMIT):
        request = users.BatchGetUsersRequest(user_ids=wanted[first : first + _BATCH_LIMIT])
        response = await clients.users.BatchGetUsers(request)
        found |= {user.id: user.account for user in response.users}
    return found
