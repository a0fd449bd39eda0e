"""How both dialects name why credits moved."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from voxreel.billing.v1 import ledger_service_pb2 as ledger

TransactionType = Literal[
    "card_activation",
    "invite_code",
    "admin_recharge",
    "admin_deduct",
    "feature_consume",
    "voice_synthesis",
    "refund",
    "expire",
]

ENTRY_TYPES: Mapping[str, ledger.EntryType.ValueType] = MappingProxyType(
    {
        "card_activation": ledger.ENTRY_TYPE_CARD_ACTIVATION,
        "invite_code": ledger.ENTRY_TYPE_INVITE_CODE,
        "admin_recharge": ledger.ENTRY_TYPE_ADMIN_RECHARGE,
        "admin_deduct": ledger.ENTRY_TYPE_ADMIN_DEDUCT,
        "feature_consume": ledger.ENTRY_TYPE_FEATURE_CONSUME,
        "voice_synthesis": ledger.ENTRY_TYPE_VOICE_SYNTHESIS,
        "refund": ledger.ENTRY_TYPE_REFUND,
        "expire": ledger.ENTRY_TYPE_EXPIRE,
    }
)
NAMES = MappingProxyType({entry_type: name for name, entry_type in ENTRY_TYPES.items()})


def entry_type(name: str | None) -> ledger.EntryType.ValueType | None:
    """The type of a filter; None means all."""
    return None if name is None else ENTRY_TYPES[name]
