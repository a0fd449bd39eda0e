"""Credits of speech with emotions: priced by who reserves, listed as a type of its own, sound in the journal."""

from __future__ import annotations

import pytest

from kit.errors import NotFound
from services.billing.domain.pricing import VOICE_SYNTHESIS
from tests.rpc.billing.conftest import USER, BillingService, reservation
from voxreel.billing.v1 import ledger_service_pb2 as ledger


async def _entries(billing: BillingService) -> list[tuple[int, int]]:
    with billing.calling_as(USER):
        listed = await billing.ledger.ListEntries(ledger.ListEntriesRequest(page_size=10))
    return [(entry.type, entry.credits) for entry in listed.entries]


async def test_a_synthesis_is_an_entry_of_its_own(billing_on_both: BillingService) -> None:
    billing = billing_on_both
    await billing.recharge(100)
    request = reservation("tts_1", 6)
    request.feature_key = VOICE_SYNTHESIS
    hold = (await billing.ledger.ReserveCredits(request)).hold
    assert hold.credits == 6
    assert (await billing.ledger.ReserveCredits(request)).hold == hold
    assert (await _entries(billing))[0] == (ledger.ENTRY_TYPE_VOICE_SYNTHESIS, -6)
    assert await billing.balance() == (94, 6)
    await billing.ledger.ReleaseHold(ledger.ReleaseHoldRequest(hold_id=hold.id))
    assert (await _entries(billing))[0] == (ledger.ENTRY_TYPE_REFUND, 6)
    assert await billing.balance() == (100, 0)


async def test_without_credits_it_has_no_price(billing: BillingService) -> None:
    request = reservation("tts_1")
    request.feature_key = VOICE_SYNTHESIS
    with pytest.raises(NotFound, match="FEATURE_NOT_FOUND"):
        await billing.ledger.ReserveCredits(request)
