"""Prices and packages changed by administrators, on both engines."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import Connection, text

from kit.errors import AlreadyExists, Invalid, NotFound, Precondition
from kit.events.envelope import EventSource
from services.billing.domain.cards import GenerateCards
from services.billing.domain.packages import PACKAGES_LIMIT, CreatePackage, GivenTerms, PackageTerms
from services.billing.domain.pricing import ChangePrice
from services.billing.events import BillingEvents
from services.billing.store.card_pages import CardPages
from services.billing.usecases.cards import CardDesk
from services.billing.usecases.packages import Packages
from services.billing.usecases.prices import Prices
from tests.store.billing.conftest import Billing, reservation

ADMIN = 1
VIP = PackageTerms(
    "VIP套餐",
    5000,
    4000,
    description="适合重度使用者",
    discount_hundredths=2000,
    is_popular=True,
    sort_order=10,
    features=("TTS语音合成", "优先处理"),
    validity_days=180,
)


def creation(key: str = "vip", request_id: str = "p-1", terms: PackageTerms = VIP) -> CreatePackage:
    return CreatePackage(request_id, ADMIN, key, terms)


@pytest.fixture
def events(billing: Billing) -> BillingEvents:
    return BillingEvents(EventSource("billing", billing.ids, billing.clock))


@pytest.fixture
def packages(billing: Billing, events: BillingEvents) -> Packages:
    return Packages(billing.units, events, billing.clock)


@pytest.fixture
def prices(billing: Billing, events: BillingEvents) -> Prices:
    return Prices(billing.units, events, billing.clock)


async def test_a_changed_price_is_that_of_the_next_hold(billing: Billing, prices: Prices) -> None:
    await billing.recharge(100)
    before = await billing.holds.reserve(reservation("t-1"))
    billing.clock.advance(60)
    changed = await prices.change(ChangePrice("tts", 15, ADMIN))
    assert (changed.price.credits, changed.former_credits) == (15, 10)
    assert changed.price.update_time == billing.clock.now()
    after = await billing.holds.reserve(reservation("t-2"))
    again = await billing.holds.reserve(reservation("t-1"))
    captured = await billing.holds.capture(before.id, None)
    assert (before.credits, after.credits, again.credits, captured.captured_credits) == (10, 15, 10, 10)
    assert (await prices.list_all())[0] == changed.price
    assert (await billing.event_subjects()).count("evt.billing.feature_price.changed") == 1


async def test_the_same_price_again_changes_nothing(billing: Billing, prices: Prices) -> None:
    (former, *_) = await prices.list_all()
    billing.clock.advance(60)
    assert (await prices.change(ChangePrice("tts", 10, ADMIN))).price == former
    assert await billing.event_subjects() == []


async def test_prices_of_unknown_features_are_refused(prices: Prices) -> None:
    with pytest.raises(NotFound, match="FEATURE_NOT_FOUND"):
        await prices.change(ChangePrice("nothing", 1, ADMIN))


async def test_a_free_feature_is_held_for_nothing(billing: Billing, prices: Prices) -> None:
    await prices.change(ChangePrice("tts", 0, ADMIN))
    assert (await billing.holds.reserve(reservation("t-1"))).credits == 0
    assert await billing.entries() == []


async def test_a_package_from_its_making_to_its_end(
    billing: Billing, packages: Packages, events: BillingEvents
) -> None:
    made = await packages.create(creation())
    assert (made.key, made.terms, made.create_time) == ("vip", VIP, billing.clock.now())
    listed = await packages.list_all()
    assert [package.key for package in listed][-2:] == ["recharge_328", "vip"]
    assert listed[-1] == made
    billing.clock.advance(60)
    changed = await packages.change("vip", GivenTerms(credits=6000, sort_order=0), ADMIN)
    assert changed == replace(made, terms=replace(VIP, credits=6000, sort_order=0), update_time=billing.clock.now())
    assert (await packages.list_all())[0] == changed
    desk = CardDesk(billing.units, CardPages(billing.database), events, billing.clock)
    batch, _ = await desk.generate(GenerateCards("g-1", ADMIN, "vip", 1, "", "", None))
    assert (batch.package_name, batch.credits, batch.price_fen) == ("VIP套餐", 6000, 4000)
    deleted, time = await packages.delete("vip", ADMIN)
    assert (deleted, time) == (changed, billing.clock.now())
    assert len(await packages.list_all()) == 6
    with pytest.raises(NotFound, match="PACKAGE_NOT_FOUND"):
        await desk.generate(GenerateCards("g-2", ADMIN, "vip", 1, "", "", None))
    assert await billing.event_subjects() == [
        "evt.billing.cards.generated",
        "evt.billing.package.changed",
        "evt.billing.package.created",
        "evt.billing.package.deleted",
    ]


async def test_a_request_makes_one_package(billing: Billing, packages: Packages) -> None:
    made = await packages.create(creation())
    assert await packages.create(creation()) == made
    with pytest.raises(Invalid, match="IDEMPOTENCY_KEY_REUSED"):
        await packages.create(creation(terms=replace(VIP, credits=1)))
    with pytest.raises(AlreadyExists, match="PACKAGE_KEY_TAKEN"):
        await packages.create(creation(request_id="p-2"))
    assert await billing.event_subjects() == ["evt.billing.package.created"]


async def test_of_many_who_want_a_key_one_gets_it(packages: Packages) -> None:
    results = await asyncio.gather(
        *(packages.create(creation(request_id=f"p-{number}")) for number in range(8)), return_exceptions=True
    )
    refused = [result for result in results if isinstance(result, BaseException)]
    assert len(refused) == 7
    assert all(isinstance(each, AlreadyExists) for each in refused), refused


async def test_what_is_not_changed_leaves_no_event(billing: Billing, packages: Packages) -> None:
    (first, *_) = await packages.list_all()
    billing.clock.advance(60)
    assert await packages.change(first.key, GivenTerms(credits=first.terms.credits), ADMIN) == first
    assert await billing.event_subjects() == []


async def test_packages_that_are_not_there(packages: Packages) -> None:
    for attempt in (packages.change("vip", GivenTerms(), ADMIN), packages.delete("vip", ADMIN)):
        with pytest.raises(NotFound, match="PACKAGE_NOT_FOUND"):
            await attempt


async def test_there_is_an_end_to_packages(billing: Billing, packages: Packages) -> None:
    def fill(connection: Connection) -> None:
        rows = [{"key": f"more_{number}"} for number in range(PACKAGES_LIMIT - 6)]
        # As the code of before this schema adds them.
        statement = text(
            "INSERT INTO credit_packages (key, display_name, credits, price_fen, position) VALUES (:key, 'x', 1, 1, 9)"
        )
        connection.execute(statement, rows)

    await billing.database.write(fill)
    with pytest.raises(Precondition, match="PACKAGES_LIMIT_EXCEEDED"):
        await packages.create(creation())
    assert len(await packages.list_all()) == PACKAGES_LIMIT
