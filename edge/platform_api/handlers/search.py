"""What administrators look for among everybody's things."""

from __future__ import annotations

from edge.aggregates.accounts import accounts_of, users_called
from edge.aggregates.transactions import names_in
from edge.endpoint import Call
from edge.entry_types import entry_type
from edge.platform_api import render_billing
from edge.platform_api.handlers.cards import user_ids_in
from edge.platform_api.models.cards import CardSearchIn, CardSearchOut
from edge.platform_api.models.transactions import TransactionSearchIn, TransactionSearchOut
from voxreel.billing.v1 import card_service_pb2 as cards
from voxreel.billing.v1 import ledger_service_pb2 as ledger


async def search_cards(given: CardSearchIn, call: Call) -> CardSearchOut:
    clients, times = call.shared.clients, call.shared.times
    wanted = cards.CardFilter(
        keyword=given.keyword or None,
        state=None if given.status is None else render_billing.CARD_STATES[given.status],
        package_key=given.package_key or None,
        operator_user_id=given.created_admin_id,
        used_by_user_id=given.used_user_id,
        create_time_from=None if given.date_from is None else times.start_of(given.date_from),
        create_time_before=None if given.date_to is None else times.end_of(given.date_to),
    )
    request = cards.ListCardsRequest(filter=wanted, page_size=given.page_size, skip=given.skip)
    response = await clients.cards.ListCards(request)
    accounts = await accounts_of(user_ids_in(response.cards), clients)
    return {
        "cards": [render_billing.found_card(each, accounts, times) for each in response.cards],
        **given.search_facts(response.total_size),
    }


async def search_transactions(given: TransactionSearchIn, call: Call) -> TransactionSearchOut:
    """Only auth knows what users are called, so it says first whose transactions count as having the keyword."""
    clients, times = call.shared.clients, call.shared.times
    wanted = ledger.EntryFilter(
        keyword=given.keyword or None,
        keyword_user_ids=await users_called(given.keyword, clients) if given.keyword else (),
        user_id=given.user_id,
        type=entry_type(given.transaction_type),
        credits_min=given.amount_min,
        credits_max=given.amount_max,
        create_time_from=None if given.date_from is None else times.start_of(given.date_from),
        create_time_before=None if given.date_to is None else times.end_of(given.date_to),
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
        **given.search_facts(response.total_size),
    }
