"""What users can spend, for lists of users; and users by what they can spend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from edge.clients import Clients
from voxreel.auth.v1 import user_admin_service_pb2 as user_admin
from voxreel.billing.v1 import balance_service_pb2 as balances
from voxreel.billing.v1 import ledger_service_pb2 as ledger

_ONLY = balances.FindUsersByBalanceResponse.MEANING_ONLY


async def balances_of(user_ids: Sequence[int], clients: Clients) -> Mapping[int, int]:
    """What users can spend, for one page of them."""
    found = await whole_balances_of(user_ids, clients)
    return {user_id: balance.available_credits for user_id, balance in found.items()}


async def whole_balances_of(user_ids: Sequence[int], clients: Clients) -> Mapping[int, ledger.Balance]:
    """The same with what is held and when it all expires."""
    if not user_ids:
        return {}
    response = await clients.ledger.BatchGetBalances(ledger.BatchGetBalancesRequest(user_ids=user_ids))
    return {balance.user_id: balance for balance in response.balances}


async def balance_of(user_id: int, clients: Clients) -> int:
    """The balance of one user."""
    return (await balances_of([user_id], clients))[user_id]


async def with_balance(
    wanted: user_admin.UserFilter, lowest: int | None, highest: int | None, *, clients: Clients
) -> user_admin.UserFilter:
    """The filter, narrowed to users who can spend an amount within the bounds, both inclusive.

    Billing knows balances and auth knows users: one names the ids and the other searches among them.
    """
    found = await clients.balances.FindUsersByBalance(
        balances.FindUsersByBalanceRequest(min_credits=lowest, max_credits=highest)
    )
    user_ids = user_admin.UserIds(user_ids=found.user_ids)
    narrowed = user_admin.UserFilter()
    narrowed.CopyFrom(wanted)
    if found.meaning == _ONLY:
        narrowed.only.CopyFrom(user_ids)
    else:
        narrowed.all_but.CopyFrom(user_ids)
    return narrowed
