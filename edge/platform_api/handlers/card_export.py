"""All cards of a filter as a table for spreadsheet programs."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from types import MappingProxyType

from aiohttp import web

from edge.aggregates.accounts import accounts_of
from edge.endpoint import Call
from edge.platform_api import render_billing
from edge.platform_api.handlers.cards import card_filter, user_ids_in
from edge.platform_api.models.cards import CardExportIn, CardOut
from edge.transfer.csv_stream import Cell, send_csv
from voxreel.billing.v1 import card_service_pb2 as cards

_HEADER = (
    "卡密",
    "状态",
    "套餐",
    "套餐名称",
    "积分",
    "价格（元）",
    "批次号",
    "说明",
    "使用者",
    "使用时间",
    "创建者",
    "过期时间",
    "创建时间",
)
_STATUS_NAMES: Mapping[str, str] = MappingProxyType(
    {"active": "未使用", "used": "已使用", "expired": "已过期", "disabled": "已禁用"}
)


async def export(given: CardExportIn, call: Call, request: web.Request) -> web.StreamResponse:
    """Newest first, without a limit."""
    async with aclosing(_parts(given, call)) as parts:
        return await send_csv(request, parts, header=_HEADER, name="cards.csv")


async def _parts(given: CardExportIn, call: Call) -> AsyncGenerator[list[list[Cell]], None]:
    clients, times = call.shared.clients, call.shared.times
    async for part in clients.cards.ExportCards(cards.ExportCardsRequest(filter=card_filter(given))):
        accounts = await accounts_of(user_ids_in(part.cards), clients)
        yield [_row(render_billing.card(each, accounts, times)) for each in part.cards]


def _row(card: CardOut) -> list[Cell]:
    return [
        card["card_code"],
        _STATUS_NAMES[card["status"]],
        card["package_key"],
        card["package_name"],
        card["credits"],
        card["price_cny"],
        card["batch_number"],
        card["description"],
        card["used_by_username"],
        card["used_at"],
        card["created_by_admin_username"],
        card["expires_at"],
        card["created_at"],
    ]
