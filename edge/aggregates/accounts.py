"""What users are called, for replies of services that only know their ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from edge.clients import Clients
from kit.errors import Invalid
from voxreel.auth.v1 import user_service_pb2 as users
from voxreel.common.v1 import error_reason_pb2 as reasons

# As many as auth answers at once.
_BATCH_LIMIT = 500
_FOUND_LIMIT = 10_000


async def accounts_of(user_ids: Iterable[int], clients: Clients) -> Mapping[int, str]:
    """Accounts by id, in one call for a page. Users that were deleted are left out."""
    wanted = sorted(set(user_ids))
    found: dict[int, str] = {}
    for first in range(0, len(wanted), _BATCH_LIMIT):
        request = users.BatchGetUsersRequest(user_ids=wanted[first : first + _BATCH_LIMIT])
        response = await clients.users.BatchGetUsers(request)
        found |= {user.id: user.account for user in response.users}
    return found


async def users_called(keyword: str, clients: Clients) -> list[int]:
    """Ids of the users with the keyword in their account.

    Raises Invalid when they are too many to look for: fewer would make the totals wrong.
    """
    response = await clients.users.FindUserIds(users.FindUserIdsRequest(keyword=keyword, limit=_FOUND_LIMIT))
    if response.has_more:
        raise Invalid(reasons.ERROR_REASON_FIELD_INVALID, f"匹配的用户超过 {_FOUND_LIMIT} 个，请输入更完整的关键词")
    return list(response.user_ids)
