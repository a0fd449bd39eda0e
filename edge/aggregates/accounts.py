"""What users are called, for replies of services that only know their ids."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from edge.clients import Clients
from kit.errors import Invalid
from voxreel.auth.v1 import user_pb2
from voxreel.auth.v1 import user_service_pb2 as users
from voxreel.common.v1 import error_reason_pb2 as reasons

# As many as auth answers at once.
_BATCH_LIMIT = 500
# As many as billing looks for at once.
_FOUND_LIMIT = 10_000
# As many digits as every id of 64 bits can have.
_USER_ID = re.compile(r"[0-9]{1,18}")


async def accounts_of(user_ids: Iterable[int], clients: Clients) -> Mapping[int, str]:
    """Accounts by id, in one call for a page. Users that were deleted are left out."""
    return {user_id: user.account for user_id, user in (await users_of(user_ids, clients)).items()}


async def users_of(user_ids: Iterable[int], clients: Clients) -> Mapping[int, user_pb2.User]:
    """The users themselves, likewise."""
    wanted = sorted(set(user_ids))
    found: dict[int, user_pb2.User] = {}
    for first in range(0, len(wanted), _BATCH_LIMIT):
        request = users.BatchGetUsersRequest(user_ids=wanted[first : first + _BATCH_LIMIT])
        response = await clients.users.BatchGetUsers(request)
        found |= {user.id: user for user in response.users}
    return found


async def users_called(keyword: str, clients: Clients) -> list[int]:
    """Ids of the users with the keyword in their account.

    Raises Invalid when they are too many to look for: fewer would make the totals wrong.
    """
    response = await _find(keyword, _FOUND_LIMIT, clients=clients)
    if response.has_more:
        raise _too_many()
    return list(response.user_ids)


async def users_meant(keyword: str, clients: Clients) -> list[int]:
    """Ids of the users with the keyword in their account, which is the number of who came by phone, and the id that the
    keyword is itself.

    Raises Invalid when they are too many; but a short number is then an id and no part of a phone number.
    """
    by_id = [int(keyword)] if _USER_ID.fullmatch(keyword) else []
    response = await _find(keyword, _FOUND_LIMIT - len(by_id), clients=clients)
    if not response.has_more:
        return [*(user_id for user_id in response.user_ids if user_id not in by_id), *by_id]
    if by_id:
        return by_id
    raise _too_many()


async def _find(keyword: str, limit: int, *, clients: Clients) -> users.FindUserIdsResponse:
    return await clients.users.FindUserIds(users.FindUserIdsRequest(keyword=keyword, limit=limit))


def _too_many() -> Invalid:
    message = f"匹配的用户超过 {_FOUND_LIMIT} 个，请输入更完整的关键词"
    return Invalid(reasons.ERROR_REASON_FIELD_INVALID, message)
