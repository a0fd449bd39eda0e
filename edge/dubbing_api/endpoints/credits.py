"""A user's own credits."""

from __future__ import annotations

from typing import Any

from edge.dubbing_api.handlers import credits
from edge.dubbing_api.models.credits import BalanceOut, MyTransactionsOut
from edge.dubbing_api.models.paging import PageIn
from edge.endpoint import Access, Dialect, Endpoint, NoInput

TAG = "配音 · 积分"

ENDPOINTS: tuple[Endpoint[Any], ...] = (
    Endpoint(
        method="GET",
        path="/api/credits/balance",
        access=Access.USER,
        input=NoInput,
        handler=credits.balance,
        output=BalanceOut,
        tag=TAG,
        dialect=Dialect.DUBBING,
    ),
    Endpoint(
        method="GET",
        path="/api/credits/transactions",
        access=Access.USER,
        input=PageIn,
        handler=credits.my_transactions,
        output=MyTransactionsOut,
        tag=TAG,
        dialect=Dialect.DUBBING,
    ),
)
