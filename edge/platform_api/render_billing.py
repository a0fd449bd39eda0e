"""From messages of billing to the platform dialect."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from edge.display import DisplayTimes
from edge.entry_types import NAMES
from edge.platform_api.models.cards import CardOut, CardStatsOut, FoundCardOut
from edge.platform_api.models.transactions import TransactionOut
from voxreel.billing.v1 import card_service_pb2 as cards
from voxreel.billing.v1 import ledger_service_pb2 as ledger

CARD_STATES: Mapping[str, cards.CardState.ValueType] = MappingProxyType(
    {
        "active": cards.CARD_STATE_ACTIVE,
        "used": cards.CARD_STATE_USED,
        "expired": cards.CARD_STATE_EXPIRED,
        "disabled": cards.CARD_STATE_DISABLED,
    }
)
_STATUS_OF = {state: status for status, state in CARD_STATES.items()}


def yuan(fen: int) -> float:
    """A price in CNY."""
    return fen / 100


def card(found: cards.Card, accounts: Mapping[int, str], times: DisplayTimes) -> CardOut:
    """A card as administrators list it. Whoever was deleted has no name."""
    batch = found.batch
    is_used = found.HasField("used_by_user_id")
    return {
        "id": found.id,
        "card_code": found.code,
        "package_key": batch.package_key,
        "package_name": batch.package_name,
        "credits": batch.credits,
        "price_cny": yuan(batch.price_fen),
        "status": _STATUS_OF[found.state],
        "used_by_user_id": found.used_by_user_id if is_used else None,
        "used_by_username": accounts.get(found.used_by_user_id) if is_used else None,
        "used_at": times.stamp(found.use_time) if found.HasField("use_time") else None,
        "created_by_admin_id": batch.operator_user_id,
        "created_by_admin_username": accounts.get(batch.operator_user_id),
        "batch_number": batch.number,
        "description": batch.description,
        "expires_at": times.stamp(batch.expire_time) if batch.HasField("expire_time") else None,
        "created_at": times.stamp(batch.create_time),
    }


def found_card(found: cards.Card, accounts: Mapping[int, str], times: DisplayTimes) -> FoundCardOut:
    """The same as the search spells it."""
    listed = card(found, accounts, times)
    return {
        "id": listed["id"],
        "card_code": listed["card_code"],
        "package_key": listed["package_key"],
        "package_name": listed["package_name"],
        "credits": listed["credits"],
        "price_cny": listed["price_cny"],
        "status": listed["status"],
        "batch_number": listed["batch_number"],
        "description": listed["description"],
        "created_by_admin": listed["created_by_admin_username"],
        "used_by_user": listed["used_by_username"],
        "used_at": listed["used_at"],
        "expires_at": listed["expires_at"],
        "created_at": listed["created_at"],
    }


def card_stats(stats: cards.GetCardStatsResponse) -> CardStatsOut:
    return {
        "total_cards": stats.active_cards + stats.used_cards + stats.expired_cards + stats.disabled_cards,
        "active_cards": stats.active_cards,
        "used_cards": stats.used_cards,
        "expired_cards": stats.expired_cards,
        "disabled_cards": stats.disabled_cards,
        "total_credits_value": stats.active_credits,
        "total_money_value": yuan(stats.active_price_fen),
    }


def transaction(
    entry: ledger.Entry, accounts: Mapping[int, str], features: Mapping[str, str], times: DisplayTimes
) -> TransactionOut:
    """One of the caller's own entries. `features` are their names by key."""
    has_feature = entry.HasField("feature_key")
    return {
        "id": entry.id,
        "transaction_type": NAMES[entry.type],
        "amount": entry.credits,
        "balance_before": entry.balance_before,
        "balance_after": entry.balance_after,
        "card_code": entry.card_code if entry.HasField("card_code") else None,
        "feature_key": entry.feature_key if has_feature else None,
        "feature_name": features.get(entry.feature_key) if has_feature else None,
        "description": entry.description,
        "operator_admin_username": accounts.get(entry.operator_user_id) if entry.HasField("operator_user_id") else None,
        "created_at": times.stamp(entry.create_time),
    }


def anyones_transaction(
    entry: ledger.Entry, accounts: Mapping[int, str], features: Mapping[str, str], times: DisplayTimes
) -> TransactionOut:
    """The same for administrators, who also see whose it is."""
    return {
        **transaction(entry, accounts, features, times),
        "user_id": entry.user_id,
        "user_account": accounts.get(entry.user_id),
    }
