"""Balances that administrators change, on both engines."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kit.errors import Invalid, NotFound, Precondition
from services.billing.domain.adjustments import Adjust, AdjustmentOperation
from services.billing.domain.ledger import EntryType
from services.billing.domain.limits import CREDITS_LIMIT
from tests.store.billing.conftest import USER, Billing, reservation
from tests.store.billing.test_verification import assert_named, findings

ADD, SUBTRACT, SET = AdjustmentOperation.ADD, AdjustmentOperation.SUBTRACT, AdjustmentOperation.SET


def asked(operation: AdjustmentOperation, credits: int, request_id: str = "a-1", user_id: int = USER) -> Adjust:
    return Adjust(request_id, 1, user_id, operation, credits, "系统赠送")


@pytest.mark.parametrize(
    ("operation", "credits", "after", "kind"),
    [
        (ADD, 7, 97, EntryType.ADMIN_RECHARGE),
        (SUBTRACT, 90, 0, EntryType.ADMIN_DEDUCT),
        (SET, 100, 100, EntryType.ADMIN_RECHARGE),
        (SET, 0, 0, EntryType.ADMIN_DEDUCT),
    ],
)
async def test_an_adjustment_is_made_once_and_leaves_what_is_held(
    billing: Billing, database_url: str, operation: AdjustmentOperation, credits: int, after: int, kind: EntryType
) -> None:
    await billing.recharge(100)
    await billing.holds.reserve(reservation("t-1", 10))
    wanted = asked(operation, credits)
    adjusted = await billing.adjust(wanted)
    assert adjusted.entry is not None
    assert (adjusted.adjustment.balance_before, adjusted.adjustment.balance_after) == (90, after)
    assert (adjusted.entry.type, adjusted.entry.credits, adjusted.entry.description) == (kind, after - 90, "系统赠送")
    assert (adjusted.entry.operator_user_id, adjusted.entry.balance_after) == (1, after)
    await billing.recharge(1, request_id="second")
    assert await billing.adjust(wanted) == adjusted
    with pytest.raises(Invalid, match="IDEMPOTENCY_KEY_REUSED"):
        await billing.adjust(replace(wanted, credits=credits + 1))
    balance = await billing.balance()
    assert (balance.available, balance.held) == (after + 1, 10)
    assert (await billing.event_subjects()).count("evt.billing.credits.adjusted") == 1
    assert findings(database_url) == []


async def test_setting_what_is_there_already_is_remembered_all_the_same(billing: Billing, database_url: str) -> None:
    await billing.recharge(100)
    same = await billing.adjust(asked(SET, 100))
    assert same.entry is None
    await billing.recharge(5, request_id="second")
    assert await billing.adjust(asked(SET, 100)) == same
    assert (await billing.balance()).available == 105
    assert "evt.billing.credits.adjusted" not in await billing.event_subjects()
    assert findings(database_url) == []


async def test_nobody_loses_more_than_they_can_spend(billing: Billing) -> None:
    await billing.recharge(100)
    await billing.holds.reserve(reservation("t-1", 60))
    with pytest.raises(Precondition, match="BALANCE_TOO_LOW") as refused:
        await billing.adjust(asked(SUBTRACT, 41))
    assert refused.value.metadata == {"available": "40"}
    for wanted in (asked(ADD, 0), asked(SUBTRACT, 0), asked(SET, -1), asked(SET, CREDITS_LIMIT), asked(ADD, 1, "")):
        with pytest.raises(Invalid, match="FIELD_INVALID"):
            await billing.adjust(wanted)
    with pytest.raises(Precondition, match="CREDITS_LIMIT_EXCEEDED"):
        await billing.adjust(asked(ADD, CREDITS_LIMIT - 100))
    with pytest.raises(NotFound, match="USER_NOT_FOUND"):
        await billing.adjust(asked(ADD, 1, user_id=1000))
    assert (await billing.balance()).available == 40


async def test_adjustments_that_were_tampered_with_are_named(billing: Billing, database_url: str) -> None:
    await billing.recharge(100)
    await billing.recharge(100, user_id=8, request_id="other")
    billing.clock.advance(1)
    await billing.adjust(asked(ADD, 7))
    await billing.adjust(asked(SET, 107, "a-2"))
    assert_named(
        database_url,
        ("UPDATE adjustments SET credits = 8 WHERE operation = 'add'", "transaction 3: its input is not that"),
        ("UPDATE adjustments SET user_id = 8 WHERE operation = 'add'", "transaction 3: its user or its credits"),
        (
            "UPDATE adjustments SET balance_after = 106 WHERE operation = 'add'",
            "transaction 3: its user or its credits",
        ),
        (
            "UPDATE adjustments SET create_time = (SELECT MIN(create_time) FROM transactions) WHERE credits = 7",
            "transaction 3: was not made at the time",
        ),
        (
            "DELETE FROM adjustments WHERE operation = 'add'",
            "transaction 3: claims request adjust:1:a-1, which is that",
        ),
        ("UPDATE adjustments SET balance_after = 1 WHERE operation = 'set'", "adjustment adjust:1:a-2: moved credits"),
        ("UPDATE transactions SET operator_user_id = 2 WHERE id = 3", "transaction 3: claims request adjust:1:a-1"),
        ("UPDATE transactions SET kind = 'deduct' WHERE id = 3", "transaction 3: is deduct, but the user gained 7"),
    )
