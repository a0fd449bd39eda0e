"""Cards: activated by users; made, listed and deleted by administrators; and what they and all else did to credits."""

from __future__ import annotations

from collections.abc import Iterable

from edge.aggregates.accounts import accounts_of
from edge.aggregates.transactions import names_in
from edge.endpoint import Call, NoInput
from edge.entry_types import entry_type
from edge.platform_api import render_billing
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
from voxreel.billing.v1 import card_service_pb2 as cards
from voxreel.billing.v1 import ledger_service_pb2 as ledger

_GET_STATS = cards.GetCardStatsRequest()


async def activate(given: ActivateIn, call: Call) -> ActivateOut:
    """Gives the caller the credits of a card."""
    response = await call.shared.clients.cards.RedeemCard(
        cards.RedeemCardRequest(request_id=call.request_key, code=given.card_code)
    )
    return {
        "success": True,
        "message": "卡密激活成功",
        "credits_added": response.entry.credits,
        "new_balance": response.entry.balance_after,
        "package_name": response.card.batch.package_name,
    }


async def generate(given: GenerateIn, call: Call) -> GenerateOut:
    """Makes a batch; all of its cards or none."""
    response = await call.shared.clients.cards.GenerateCards(
        cards.GenerateCardsRequest(
            request_id=call.request_key,
            package_key=given.package_key,
            quantity=given.quantity,
            batch_number=given.batch_number,
            description=given.description or "",
            expires_days=given.expires_days,
        )
    )
    batch, number = response.batch, len(response.codes)
    return {
        "success": True,
        "message": f"成功生成 {number} 张卡密",
        "batch_number": batch.number,
        "generated_count": number,
        "failed_count": 0,
        "cards": list(response.codes),
        "total_credits": batch.credits * number,
        "total_value": render_billing.yuan(batch.price_fen * number),
    }


async def list_cards(given: CardListIn, call: Call) -> CardListOut:
    clients, times = call.shared.clients, call.shared.times
    request = cards.ListCardsRequest(filter=card_filter(given), page_size=given.page_size, skip=given.skip)
    response = await clients.cards.ListCards(request)
    accounts = await accounts_of(user_ids_in(response.cards), clients)
    return {
        "cards": [render_billing.card(each, accounts, times) for each in response.cards],
        **given.facts(response.total_size),
    }


async def delete(given: CardIdIn, call: Call) -> MessageOut:
    await call.shared.clients.cards.DeleteCard(cards.DeleteCardRequest(card_id=given.card_id))
    return {"message": "卡密删除成功"}


async def stats(_given: NoInput, call: Call) -> CardStatsOut:
    return render_billing.card_stats(await call.shared.clients.cards.GetCardStats(_GET_STATS))


async def my_transactions(given: MyTransactionsIn, call: Call) -> TransactionListOut:
    clients, times = call.shared.clients, call.shared.times
    wanted = entry_type(given.transaction_type)
    response = await clients.ledger.ListEntries(
        ledger.ListEntriesRequest(page_size=given.page_size, skip=given.skip, type=wanted)
    )
    names = await names_in(response.entries, clients)
    return {
        "transactions": [
            render_billing.transaction(entry, names.accounts, names.features, times) for entry in response.entries
        ],
        **given.facts(response.total_size),
    }


async def all_transactions(given: AllTransactionsIn, call: Call) -> TransactionListOut:
    clients, times = call.shared.clients, call.shared.times
    wanted = ledger.EntryFilter(
        user_id=given.user_id,
        type=entry_type(given.transaction_type),
    )
    response = await clients.ledger.SearchEntries(
        ledger.SearchEntriesRequest(filter=wanted, page_size=given.page_size, skip=given.skip)
    )
    names = await names_in(response.entries, clients)
    return {
        "transactions": [
            render_billing.anyones_transaction(entry, names.accounts, names.features, times)
            for entry in response.entries
        ],
        **given.facts(response.total_size),
    }


def card_filter(given: CardExportIn) -> cards.CardFilter:
    """The filter of lists and exports."""
    return cards.CardFilter(
        state=None if given.status is None else render_billing.CARD_STATES[given.status],
        batch_number=given.batch_number or None,
        package_key=given.package_key or None,
    )


def user_ids_in(listed: Iterable[cards.Card]) -> set[int]:
    """Who made the cards and who used them."""
    found: set[int] = set()
    for card in listed:
        found.add(card.batch.operator_user_id)
        if card.HasField("used_by_user_id"):
            found.add(card.used_by_user_id)
    return found
