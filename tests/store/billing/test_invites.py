"""Invite codes and the limit of guessing, on both engines."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from kit.errors import Invalid, NotFound, Precondition, RateLimited
from kit.events.envelope import EventSource
from kit.ids import RandomIds
from services.billing.domain.cards import RedeemCard
from services.billing.domain.guesses import WINDOW, WRONG_LIMIT
from services.billing.domain.invites import (
    GenerateInvites,
    InviteCode,
    InviteFilter,
    InviteStatus,
    InviteUse,
    UseInvite,
)
from services.billing.domain.ledger import EntryType
from services.billing.events import BillingEvents
from services.billing.store.invite_pages import InvitePages
from services.billing.usecases.invites import InviteDesk
from services.billing.workers.sweep_guesses import GuessSweeper
from tests.store.billing.conftest import USER, Billing, ledger_writer, perform_one
from tests.store.billing.test_verification import assert_named, findings

ADMIN = 1
CREDITS = 1000
DAY_S = 24 * 3600
NOBODYS = "ZZZZ-ZZZZ"


class Invites:
    """What can be done with invite codes, one thing at a time; a refusal is raised."""

    def __init__(self, billing: Billing) -> None:
        events = BillingEvents(EventSource("billing", billing.ids, billing.clock))
        pages = InvitePages(billing.database)
        self.desk = InviteDesk(billing.units, pages, events=events, clock=billing.clock, credits=CREDITS)
        self._writer = billing.writer

    async def generate(self, quantity: int = 1, request_id: str = "g-1", days: int | None = None) -> list[InviteCode]:
        return await self.desk.generate(GenerateInvites(request_id, ADMIN, quantity, days))

    async def use(self, code: str, request_id: str = "u-1", user_id: int = USER) -> InviteUse:
        command = UseInvite(request_id, user_id, code)
        return await perform_one(self._writer, InviteUse, command)

    async def codes(self, wanted: InviteFilter) -> list[str]:
        page, total = await self.desk.page(wanted, page_size=100, skip=0)
        assert total == len(page)
        return [invite.code for invite in page]


@pytest.fixture
def invites(billing: Billing) -> Invites:
    return Invites(billing)


async def test_a_generation_is_made_once(billing: Billing, invites: Invites) -> None:
    made = await asyncio.gather(*[invites.generate(100) for _ in range(5)])
    codes = [invite.code for invite in made[0]]
    assert all(again == made[0] for again in made)
    assert len(set(codes)) == 100
    assert {len(code) for code in codes} == {9}
    for other in (GenerateInvites("g-1", ADMIN, 99, None), GenerateInvites("g-1", ADMIN, 100, 1)):
        with pytest.raises(Invalid, match="IDEMPOTENCY_KEY_REUSED"):
            await invites.desk.generate(other)
    for quantity, days in ((0, None), (101, None), (1, 0), (1, 3651)):
        with pytest.raises(Invalid, match="FIELD_INVALID"):
            await invites.generate(quantity, "g-2", days)
    assert await billing.event_subjects() == ["evt.billing.invites.generated"]


async def test_a_code_is_used_once_and_makes_all_credits_good_for_a_year(
    billing: Billing, invites: Invites, database_url: str
) -> None:
    first, second = await invites.generate(2)
    await billing.recharge(5)
    used = await invites.use(first.code)
    year = billing.clock.now() + timedelta(days=365)
    assert (used.entry.type, used.entry.credits, used.entry.balance_after) == (EntryType.INVITE_CODE, CREDITS, 1005)
    assert used.entry.description == f"使用邀请码: {first.code}"
    assert (used.invite.used_by_user_id, used.invite.credits_expire_time) == (USER, year)
    assert (await billing.balance()).expire_time == year
    billing.clock.advance(DAY_S)
    assert await invites.use(first.code) == used
    with pytest.raises(Invalid, match="IDEMPOTENCY_KEY_REUSED"):
        await invites.use(second.code)
    for user in (USER, 8):
        with pytest.raises(Precondition, match="INVITE_CODE_USED"):
            await invites.use(first.code, "u-2", user)
    again = await invites.use(second.code, "u-2")
    assert again.invite.credits_expire_time == year + timedelta(days=1)
    assert (await billing.balance()).available == 2005
    assert (await billing.event_subjects()).count("evt.billing.invite.used") == 2
    assert findings(database_url) == []


async def test_a_code_expires(billing: Billing, invites: Invites) -> None:
    (invite,) = await invites.generate(days=1)
    billing.clock.advance(DAY_S)
    with pytest.raises(Precondition, match="INVITE_CODE_EXPIRED"):
        await invites.use(invite.code)
    assert await invites.codes(InviteFilter(status=InviteStatus.EXPIRED)) == [invite.code]
    assert await invites.codes(InviteFilter(status=InviteStatus.UNUSED)) == []


async def test_lists_keep_to_their_filters(billing: Billing, invites: Invites) -> None:
    one, two, three = [invite.code for invite in await invites.generate(3)]
    (four,) = await invites.desk.generate(GenerateInvites("g-1", 2, 1, 30))
    await invites.use(two)
    for wanted, codes in (
        (InviteFilter(), [four.code, three, two, one]),
        (InviteFilter(status=InviteStatus.USED), [two]),
        (InviteFilter(status=InviteStatus.UNUSED, operator_user_id=ADMIN), [three, one]),
        (InviteFilter(used_by_user_id=USER), [two]),
        (InviteFilter(keyword=one.lower()), [one]),
        (InviteFilter(keyword=one.replace("-", "")[1:7]), [one]),
        (InviteFilter(keyword="%"), []),
    ):
        assert await invites.codes(wanted) == codes, wanted
    page, total = await invites.desk.page(InviteFilter(), page_size=2, skip=1)
    assert ([invite.code for invite in page], total) == ([three, two], 4)
    with pytest.raises(Invalid, match="FIELD_INVALID"):
        await invites.desk.page(InviteFilter(), page_size=101, skip=0)


async def test_rival_replicas_use_a_code_once(billing: Billing, database_url: str) -> None:
    """Several writers, as several replicas have them, each asked for all codes in another order."""
    desks = [
        Invites(replace(billing, writer=ledger_writer(billing.units, billing.clock, RandomIds()))) for _ in range(4)
    ]
    codes = [invite.code for invite in await desks[0].generate(10)]
    attempts = [
        desk.use(code, f"{code}-{number}", user_id=10 + number)
        for number, desk in enumerate(desks)
        for code in (codes if number % 2 else codes[::-1])
    ]
    results = await asyncio.gather(*attempts, return_exceptions=True)
    assert Counter(map(type, results)) == {InviteUse: 10, Precondition: 30}
    assert sum([(await billing.balance(10 + number)).available for number in range(4)]) == 10 * CREDITS
    assert findings(database_url) == []


async def guess(billing: Billing, times: int, user_id: int = USER) -> list[type]:
    """Wrong codes of both kinds in one group."""
    commands = [
        UseInvite(f"w-{n}", user_id, NOBODYS) if n % 2 else RedeemCard(f"w-{n}", user_id, "Z" * 16)
        for n in range(times)
    ]
    return [type(result) for result in await billing.perform(*commands)]


async def test_after_too_many_wrong_codes_a_right_one_is_refused_too(
    billing: Billing, invites: Invites, database_url: str
) -> None:
    right, other, known = await invites.generate(3)
    used = await invites.use(known.code, "u-0")
    assert await guess(billing, WRONG_LIMIT + 5) == [NotFound] * WRONG_LIMIT + [RateLimited] * 5
    billing.clock.advance(60)
    rival = Invites(replace(billing, writer=ledger_writer(billing.units, billing.clock, RandomIds())))
    with pytest.raises(RateLimited, match="TOO_MANY_REQUESTS") as refused:
        await rival.use(right.code)
    assert refused.value.retry_after_s == WINDOW.total_seconds() - 60
    assert await invites.use(known.code, "u-0") == used
    await invites.use(other.code, user_id=8)
    billing.clock.advance(WINDOW.total_seconds() - 60)
    await invites.use(right.code)
    assert findings(database_url) == []


async def test_codes_that_were_right_once_are_no_guesses(billing: Billing, invites: Invites) -> None:
    (invite,) = await invites.generate()
    await invites.use(invite.code)
    for number in range(2 * WRONG_LIMIT):
        with pytest.raises(Precondition, match="INVITE_CODE_USED"):
            await invites.use(invite.code, f"again-{number}")


async def test_guesses_of_replicas_at_once_are_all_counted(billing: Billing) -> None:
    rivals = [replace(billing, writer=ledger_writer(billing.units, billing.clock, RandomIds())) for _ in range(4)]
    kinds = [kind for part in await asyncio.gather(*[guess(each, 6) for each in rivals]) for kind in part]
    assert Counter(kinds) == {NotFound: WRONG_LIMIT, RateLimited: 24 - WRONG_LIMIT}


async def test_old_guesses_are_swept_and_new_ones_stay(billing: Billing) -> None:
    sweeper = GuessSweeper(billing.units, billing.clock)
    await guess(billing, 1)
    billing.clock.advance(WINDOW.total_seconds())
    await guess(billing, 1, user_id=8)
    assert await sweeper.step() == 0
    billing.clock.advance(0.000001)
    assert [await sweeper.step() for _ in range(2)] == [1, 0]
    assert await billing.units.read(lambda unit: list(unit.guesses.find([USER, 8]))) == [8]


async def test_invite_codes_that_were_tampered_with_are_named(
    billing: Billing, invites: Invites, database_url: str
) -> None:
    first, _ = await invites.generate(2)
    billing.clock.advance(1)
    await invites.use(first.code)
    await billing.recharge(5, user_id=8)
    assert_named(
        database_url,
        (
            "UPDATE invite_codes SET used_by_user_id = NULL, use_time = NULL, "
            "use_key = NULL, credits_expire_time = NULL WHERE id = 1",
            "invite code 1: is unused, but transaction 1 used it",
        ),
        (
            "UPDATE invite_codes SET used_by_user_id = 7, use_time = create_time, "
            "use_key = '7:x', credits_expire_time = create_time WHERE id = 2",
            "invite code 2: is used, but no transaction uses it",
        ),
        ("UPDATE invite_codes SET used_by_user_id = 8 WHERE id = 1", "invite code 1: its user or its credits"),
        ("UPDATE invite_codes SET credits = 5 WHERE id = 1", "invite code 1: its user or its credits"),
        ("UPDATE invite_codes SET code = 'AAAA-AAAA' WHERE id = 1", "invite code 1: its code or its request"),
        ("UPDATE invite_codes SET use_key = '7:u-9' WHERE id = 1", "invite code 1: its code or its request"),
        ("UPDATE invite_codes SET use_time = create_time WHERE id = 1", "invite code 1: was not used at the time"),
        ("DELETE FROM invite_codes WHERE id = 1", "transaction 1: claims request invite:1, which is that of no"),
        ("UPDATE validities SET days = 366", "transaction 1: makes credits good for 366 days"),
        ("DELETE FROM validities", "transaction 1: makes credits good for None days"),
    )
