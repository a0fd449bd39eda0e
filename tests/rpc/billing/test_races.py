"""Many at once over many connections, on both engines: whoever comes too late is refused."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from functools import partial

from kit.errors import DomainError, InsufficientCredits, Precondition
from tests.polling import answered
from tests.rpc.billing.conftest import BillingService, ledgers_of, reservation
from voxreel.billing.v1 import ledger_service_pb2 as pb

CONNECTIONS = 20
HOLDS = 1000
CAPTURED = 500

Answer = pb.ReserveCreditsResponse | pb.CaptureHoldResponse | pb.ReleaseHoldResponse
Call = Callable[[], Awaitable[Answer]]


async def at_once(calls: Iterable[Call]) -> list[Answer | DomainError]:
    """What all of them end with."""

    async def outcome(call: Call) -> Answer | DomainError:
        try:
            return await answered(call)
        except DomainError as refusal:
            return refusal

    return await asyncio.gather(*map(outcome, calls))


async def test_fifty_reserve_a_tenth_of_the_balance_and_ten_get_it(billing_on_both: BillingService) -> None:
    billing = billing_on_both
    await billing.recharge(1000)
    async with ledgers_of(billing.address, 50) as ledgers:
        asked = [reservation(f"t-{number}", 100) for number in range(50)]
        outcomes = await at_once(
            partial(*each) for each in zip((of.ReserveCredits for of in ledgers), asked, strict=True)
        )
    assert Counter(map(type, outcomes)) == {pb.ReserveCreditsResponse: 10, InsufficientCredits: 40}
    assert await billing.balance() == (0, 1000)


async def test_captures_and_releases_race_and_each_hold_has_one_end(billing_on_both: BillingService) -> None:
    billing = billing_on_both
    await billing.recharge(10_000)
    async with ledgers_of(billing.address, CONNECTIONS) as ledgers:
        holds = [(await billing.reserve(f"t-{number}", 100)).id for number in range(100)]
        outcomes = await at_once(
            call
            for number, hold in enumerate(holds)
            for call in (
                partial(ledgers[number % CONNECTIONS].CaptureHold, pb.CaptureHoldRequest(hold_id=hold)),
                partial(ledgers[-number % CONNECTIONS].ReleaseHold, pb.ReleaseHoldRequest(hold_id=hold)),
            )
        )
    for captured, released in zip(outcomes[::2], outcomes[1::2], strict=True):
        assert sorted([isinstance(captured, Precondition), isinstance(released, Precondition)]) == [False, True]
    captures = sum(isinstance(outcome, pb.CaptureHoldResponse) for outcome in outcomes)
    assert await billing.balance() == (10_000 - 100 * captures, 0)


async def test_of_a_thousand_refunds_after_five_hundred_captures_five_hundred_are_made(
    billing_on_both: BillingService,
) -> None:
    billing = billing_on_both
    await billing.recharge(HOLDS)
    async with ledgers_of(billing.address, CONNECTIONS) as connections:
        ledgers = [connections[number % CONNECTIONS] for number in range(HOLDS)]
        made = await at_once(partial(of.ReserveCredits, reservation(f"t-{n}", 1)) for n, of in enumerate(ledgers))
        holds = [answer.hold.id for answer in made if isinstance(answer, pb.ReserveCreditsResponse)]
        assert len(holds) == HOLDS
        captures = await at_once(
            partial(ledgers[number].CaptureHold, pb.CaptureHoldRequest(hold_id=hold))
            for number, hold in enumerate(holds[:CAPTURED])
        )
        assert Counter(map(type, captures)) == {pb.CaptureHoldResponse: CAPTURED}
        assert await billing.balance() == (0, HOLDS - CAPTURED)
        refunds = await at_once(
            partial(ledgers[-number].ReleaseHold, pb.ReleaseHoldRequest(hold_id=hold))
            for number, hold in enumerate(holds)
        )
    assert all(isinstance(refusal, Precondition) for refusal in refunds[:CAPTURED])
    assert all(isinstance(refund, pb.ReleaseHoldResponse) for refund in refunds[CAPTURED:])
    assert await billing.balance() == (HOLDS - CAPTURED, 0)
