"""Searches of administrators."""

from __future__ import annotations

from typing import Any

from edge.endpoint import Access, Endpoint
from edge.platform_api.handlers import search, search_files, search_users
from edge.platform_api.models.admin_users import UserSearchIn, UserSearchOut
from edge.platform_api.models.cards import CardSearchIn, CardSearchOut
from edge.platform_api.models.files import FileSearchIn, FileSearchOut
from edge.platform_api.models.transactions import TransactionSearchIn, TransactionSearchOut

TAG = "高级搜索"

ENDPOINTS: tuple[Endpoint[Any], ...] = (
    Endpoint(
        method="GET",
        path="/api/search/users",
        access=Access.ADMIN,
        input=UserSearchIn,
        handler=search_users.search_users,
        output=UserSearchOut,
        tag=TAG,
    ),
    Endpoint(
        method="GET",
        path="/api/search/transactions",
        access=Access.ADMIN,
        input=TransactionSearchIn,
        handler=search.search_transactions,
        output=TransactionSearchOut,
        tag=TAG,
    ),
    Endpoint(
        method="GET",
        path="/api/search/files",
        access=Access.ADMIN,
        input=FileSearchIn,
        handler=search_files.search_files,
        output=FileSearchOut,
        tag=TAG,
    ),
    Endpoint(
        method="GET",
        path="/api/search/cards",
        access=Access.ADMIN,
        input=CardSearchIn,
        handler=search.search_cards,
        output=CardSearchOut,
        tag=TAG,
    ),
)
