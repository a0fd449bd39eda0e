"""The names in entries: who did it, to whom, and for which feature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edge.aggregates.accounts import accounts_of
from edge.clients import Clients
from kit.concurrency import both
from voxreel.billing.v1 import ledger_service_pb2 as ledger
from voxreel.billing.v1 import pricing_service_pb2 as pricing

_LIST_PRICES = pricing.ListFeaturePricesRequest()


@dataclass(frozen=True, slots=True)
class EntryNames:
    """Accounts by the ids of users, Chinese names by the keys of features."""

    accounts: Mapping[int, str]
    features: Mapping[str, str]


async def names_in(entries: Sequence[ledger.Entry], clients: Clients) -> EntryNames:
    """The names of a page of entries; auth and billing are asked at once, and only when there is something to ask."""
    user_ids = {entry.user_id for entry in entries}
    user_ids |= {entry.operator_user_id for entry in entries if entry.HasField("operator_user_id")}
    if not user_ids:
        return EntryNames({}, {})
    prices, accounts = await both(clients.pricing.ListFeaturePrices(_LIST_PRICES), accounts_of(user_ids, clients))
    return EntryNames(accounts, {price.key: price.display_name for price in prices.prices})
