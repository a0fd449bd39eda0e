"""Prices, packages and statistics over gRPC: a real server with the whole chain."""

from __future__ import annotations

from datetime import UTC, timedelta

import pytest

from kit.errors import AlreadyExists, Forbidden, Invalid, NotFound, Unauthenticated
from kit.rpc.times import timestamp_of
from tests.rpc.billing.conftest import ADMIN, USER, BillingService
from voxreel.billing.v1 import card_service_pb2 as cards
from voxreel.billing.v1 import ledger_service_pb2 as ledger
from voxreel.billing.v1 import package_service_pb2 as packages
from voxreel.billing.v1 import pricing_service_pb2 as pricing
from voxreel.billing.v1 import statistics_service_pb2 as statistics

VIP = packages.PackageTerms(
    display_name="VIP套餐", credits=5000, price_fen=4000, discount_hundredths=2000, is_popular=True, sort_order=10
)


def creation(request_id: str = "p-1", terms: packages.PackageTerms = VIP) -> packages.CreatePackageRequest:
    return packages.CreatePackageRequest(request_id=request_id, key="vip", terms=terms)


async def test_seeded_packages_have_the_figures_of_the_contract(billing: BillingService) -> None:
    listed = (await billing.packages.ListPackages(packages.ListPackagesRequest())).packages
    figures = [
        (each.key, each.discount_hundredths, each.value_ratio_hundredths, each.original_price_fen, each.savings_fen)
        for each in listed
    ]
    assert figures == [
        ("recharge_1", 0, 10_000, 100, 0),
        ("recharge_6", 0, 10_000, 600, 0),
        ("recharge_30", 333, 10_333, 3100, 100),
        ("recharge_68", 588, 10_588, 7200, 400),
        ("recharge_128", 938, 10_938, 14_000, 1200),
        ("recharge_328", 1220, 11_220, 36_800, 4000),
    ]
    assert [each.key for each in listed if each.terms.is_popular] == ["recharge_30"]
    assert not any(each.terms.HasField("discount_hundredths") for each in listed)


async def test_a_package_from_its_making_to_its_end(billing: BillingService) -> None:
    with billing.calling_as(ADMIN):
        made = (await billing.packages.CreatePackage(creation())).package
        assert (await billing.packages.CreatePackage(creation())).package == made
        with pytest.raises(AlreadyExists, match="PACKAGE_KEY_TAKEN"):
            await billing.packages.CreatePackage(creation("p-2"))
        with pytest.raises(Invalid, match="IDEMPOTENCY_KEY_REUSED"):
            await billing.packages.CreatePackage(
                creation(terms=packages.PackageTerms(display_name="x", credits=1, price_fen=1))
            )
        with pytest.raises(Invalid, match="缺少价格"):
            await billing.packages.CreatePackage(creation("p-3", packages.PackageTerms(display_name="x", credits=1)))
        given = packages.PackageTerms(credits=6000, features=packages.PackageFeatures(names=["优先处理"]))
        changed = (await billing.packages.UpdatePackage(packages.UpdatePackageRequest(key="vip", terms=given))).package
        batch = await billing.cards.GenerateCards(
            cards.GenerateCardsRequest(request_id="g-1", package_key="vip", quantity=1)
        )
        gone = await billing.packages.DeletePackage(packages.DeletePackageRequest(key="vip"))
        with pytest.raises(NotFound, match="PACKAGE_NOT_FOUND"):
            await billing.packages.DeletePackage(packages.DeletePackageRequest(key="vip"))
    assert (made.terms.validity_days, made.discount_hundredths, made.savings_fen) == (365, 2000, 1000)
    assert (changed.terms.credits, changed.terms.display_name, changed.terms.is_popular) == (6000, "VIP套餐", True)
    assert list(changed.terms.features.names) == ["优先处理"]
    assert (batch.batch.credits, batch.batch.price_fen) == (6000, 4000)
    assert (gone.package, gone.delete_time) == (changed, timestamp_of(billing.clock.now()))


async def test_a_price_is_in_force_for_the_next_hold(billing: BillingService) -> None:
    await billing.recharge(100)
    assert (await billing.reserve("t-1")).credits == 10
    with billing.calling_as(ADMIN):
        changed = await billing.prices.UpdateFeaturePrice(pricing.UpdateFeaturePriceRequest(key="tts", credits=15))
        with pytest.raises(NotFound, match="FEATURE_NOT_FOUND"):
            await billing.prices.UpdateFeaturePrice(pricing.UpdateFeaturePriceRequest(key="x", credits=1))
        with pytest.raises(Invalid, match="FIELD_INVALID"):
            await billing.prices.UpdateFeaturePrice(pricing.UpdateFeaturePriceRequest(key="tts", credits=-1))
    assert (changed.former_credits, changed.price.credits) == (10, 15)
    assert (await billing.reserve("t-2")).credits == 15


async def test_statistics_of_a_running_service(billing_on_both: BillingService) -> None:
    billing = billing_on_both
    await billing.recharge(100)
    hold = await billing.reserve("t-1")
    await billing.ledger.CaptureHold(ledger.CaptureHoldRequest(hold_id=hold.id, credits=7))
    await billing.reserve("t-2")
    start = billing.clock.now().astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    asked = statistics.ListHourlyConsumptionRequest(start_time=timestamp_of(start - timedelta(hours=1)), hours=3)

    # Whatever the worker has summed meanwhile.
    for _ in range(10):
        with billing.calling_as(ADMIN):
            totals = await billing.statistics.GetCreditTotals(statistics.GetCreditTotalsRequest())
            chart = await billing.statistics.ListHourlyConsumption(asked)
        assert totals == statistics.GetCreditTotalsResponse(
            issued_credits=100, consumed_credits=7, held_credits=10, available_credits=83
        )
        assert [hour.start_time.ToDatetime(tzinfo=UTC) - start for hour in chart.hours] == [
            timedelta(hours=place) for place in (-1, 0, 1)
        ]
        (feature,) = chart.hours[1].features
        assert (feature.feature_key, feature.credits, feature.transactions) == ("tts", 7, 1)
        with billing.calling_as(USER):
            entries = (await billing.statistics.GetEntryTotals(statistics.GetEntryTotalsRequest())).totals
        assert [(each.type, each.entries, each.credits) for each in entries] == [
            (ledger.ENTRY_TYPE_ADMIN_RECHARGE, 1, 100),
            (ledger.ENTRY_TYPE_FEATURE_CONSUME, 2, -20),
            (ledger.ENTRY_TYPE_REFUND, 1, 3),
        ]


async def test_who_may_ask(billing: BillingService) -> None:
    with billing.calling_as(USER):
        for call in (
            billing.prices.UpdateFeaturePrice(pricing.UpdateFeaturePriceRequest(key="tts", credits=0)),
            billing.packages.CreatePackage(creation()),
            billing.packages.UpdatePackage(packages.UpdatePackageRequest(key="recharge_1")),
            billing.packages.DeletePackage(packages.DeletePackageRequest(key="recharge_1")),
            billing.statistics.GetCreditTotals(statistics.GetCreditTotalsRequest()),
            billing.statistics.ListHourlyConsumption(statistics.ListHourlyConsumptionRequest(hours=1)),
        ):
            with pytest.raises(Forbidden, match="ADMIN_REQUIRED"):
                await call
    with pytest.raises(Unauthenticated):
        await billing.statistics.GetEntryTotals(statistics.GetEntryTotalsRequest())
    with billing.calling_as(ADMIN):
        for hours, seconds in ((0, 0), (73, 0), (1, 1), (1, -(2**60))):
            asked = statistics.ListHourlyConsumptionRequest(hours=hours)
            asked.start_time.seconds = seconds
            with pytest.raises(Invalid, match="FIELD_INVALID"):
                await billing.statistics.ListHourlyConsumption(asked)
