"""Cards, and what moved credits."""

from __future__ import annotations

from typing import Any

from edge.endpoint import Access, Endpoint, NoInput, Source, StreamingEndpoint
from edge.platform_api.handlers import card_export, cards
from edge.platform_api.models.cards import (
    ActivateIn,
    ActivateOut,
    CardExportIn,
    CardIdIn,
    CardListIn,
    CardListOut,
    CardStatsOut,
    GenerateIn,
    GenerateOut,
)
from edge.platform_api.models.transactions import AllTransactionsIn, MyTransactionsIn, TransactionListOut
from edge.platform_api.models.users import MessageOut

TAG = "卡密"

ENDPOINTS: tuple[Endpoint[Any] | StreamingEndpoint[Any], ...] = (
    Endpoint(
        method="POST",
        path="/api/cards/activate",
        access=Access.USER,
        input=ActivateIn,
        source=Source.BODY,
        handler=cards.activate,
        output=ActivateOut,
        tag=TAG,
        is_keyed=True,
        refusals=(404,),
    ),
    Endpoint(
        method="GET",
        path="/api/cards/my-transactions",
        access=Access.USER,
        input=MyTransactionsIn,
        handler=cards.my_transactions,
        output=TransactionListOut,
        tag=TAG,
    ),
    Endpoint(
        method="POST",
        path="/api/cards/admin/generate",
        access=Access.ADMIN,
        input=GenerateIn,
        source=Source.BODY,
        handler=cards.generate,
        output=GenerateOut,
        tag=TAG,
        is_keyed=True,
        refusals=(404,),
    ),
    Endpoint(
        method="GET",
        path="/api/cards/admin/list",
        access=Access.ADMIN,
        input=CardListIn,
        handler=cards.list_cards,
        output=CardListOut,
        tag=TAG,
    ),
    StreamingEndpoint(
        method="GET",
        path="/api/cards/admin/export",
        access=Access.ADMIN,
        input=CardExportIn,
        handler=card_export.export,
        output=None,
        tag=TAG,
        title="导出卡密",
        media_type="text/csv",
    ),
    Endpoint(
        method="DELETE",
        path="/api/cards/admin/{card_id}",
        access=Access.ADMIN,
        input=CardIdIn,
        handler=cards.delete,
        output=MessageOut,
        tag=TAG,
    ),
    Endpoint(
        method="GET",
        path="/api/cards/admin/stats",
        access=Access.ADMIN,
        input=NoInput,
        handler=cards.stats,
        output=CardStatsOut,
        tag=TAG,
    ),
    Endpoint(
        method="GET",
        path="/api/cards/admin/transactions",
        access=Access.ADMIN,
        input=AllTransactionsIn,
        handler=cards.all_transactions,
        output=TransactionListOut,
        tag=TAG,
    ),
)
