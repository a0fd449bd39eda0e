"""Packages of credits."""

from __future__ import annotations

import re
from decimal import Decimal

from edge.endpoint import Call, NoInput
from edge.platform_api.config_info import MANAGED_BY, last_updated
from edge.platform_api.models.packages import (
    CreatePackageIn,
    DeletePackageIn,
    ExchangeRateOut,
    PackageConfigOut,
    PackageConfigsOut,
    PackageCreatedOut,
    PackageDeletedOut,
    PackageOut,
    PackagesOut,
    PackageUpdatedOut,
    UpdatePackageIn,
)
from kit.concurrency import both
from voxreel.billing.v1 import ledger_service_pb2 as ledger
from voxreel.billing.v1 import package_service_pb2 as pb

_CREDITS_PER_CNY = 100
_EXCHANGE_RATE: ExchangeRateOut = {"cny_to_credits": _CREDITS_PER_CNY, "description": "1人民币 = 100积分"}
_COMMAS = re.compile("[,，]")


async def packages(_given: NoInput, call: Call) -> PackagesOut:
    """What can be bought, beside what the caller has."""
    clients = call.shared.clients
    balance, listed = await both(
        clients.ledger.GetBalance(ledger.GetBalanceRequest()), clients.packages.ListPackages(pb.ListPackagesRequest())
    )
    prices = [_hundredths(package.terms.price_fen) for package in listed.packages]
    credits = [package.terms.credits for package in listed.packages]
    return {
        "user_info": {"current_credits": balance.available_credits, "account": call.user.account},
        "packages": {package.key: _package(package) for package in listed.packages},
        "exchange_rate": _EXCHANGE_RATE,
        "summary": {
            "total_packages": len(listed.packages),
            "price_range": {"min_price": min(prices, default=0.0), "max_price": max(prices, default=0.0)},
            "credits_range": {"min_credits": min(credits, default=0), "max_credits": max(credits, default=0)},
        },
    }


async def configured_packages(_given: NoInput, call: Call) -> PackageConfigsOut:
    """The same for administrators."""
    listed = await call.shared.clients.packages.ListPackages(pb.ListPackagesRequest())
    return {
        "packages": {package.key: _config(package) for package in listed.packages},
        "exchange_rate": _EXCHANGE_RATE,
        "config_info": {
            "total_packages": len(listed.packages),
            "last_updated": last_updated((package.update_time for package in listed.packages), call.shared.times),
            "managed_by": MANAGED_BY,
        },
    }


async def create(given: CreatePackageIn, call: Call) -> PackageCreatedOut:
    response = await call.shared.clients.packages.CreatePackage(
        pb.CreatePackageRequest(request_id=call.request_key, key=given.package_key, terms=_terms(given))
    )
    package = response.package
    return {
        "message": "积分套餐创建成功",
        "package_key": package.key,
        "package": _config(package),
        "created_by": call.user.account,
        "created_at": call.shared.times.stamp(package.create_time),
    }


async def update(given: UpdatePackageIn, call: Call) -> PackageUpdatedOut:
    response = await call.shared.clients.packages.UpdatePackage(
        pb.UpdatePackageRequest(key=given.package_key, terms=_terms(given))
    )
    package = response.package
    return {
        "message": "积分套餐更新成功",
        "package_key": package.key,
        "package": _config(package),
        "updated_by": call.user.account,
        "updated_at": call.shared.times.stamp(package.update_time),
    }


async def delete(given: DeletePackageIn, call: Call) -> PackageDeletedOut:
    response = await call.shared.clients.packages.DeletePackage(pb.DeletePackageRequest(key=given.package_key))
    return {
        "message": "积分套餐删除成功",
        "package_key": response.package.key,
        "package_name": response.package.terms.display_name,
        "deleted_by": call.user.account,
        "deleted_at": call.shared.times.stamp(response.delete_time),
    }


def _terms(given: CreatePackageIn | UpdatePackageIn) -> pb.PackageTerms:
    return pb.PackageTerms(
        display_name=given.name,
        description=given.description,
        credits=given.credits,
        price_fen=None if given.price_cny is None else _in_hundredths(given.price_cny),
        discount_hundredths=None if given.discount is None else _in_hundredths(given.discount),
        is_popular=given.popular,
        sort_order=given.sort_order,
        features=None if given.features is None else _features(given.features),
        validity_days=given.validity_days,
    )


def _features(text: str) -> pb.PackageFeatures:
    names = (name.strip() for name in _COMMAS.split(text))
    return pb.PackageFeatures(names=[name for name in names if name])


def _package(package: pb.CreditPackage) -> PackageOut:
    terms = package.terms
    return {
        "name": terms.display_name,
        "credits": terms.credits,
        "price_cny": _hundredths(terms.price_fen),
        "discount": _hundredths(package.discount_hundredths),
        "popular": terms.is_popular,
        "value_ratio": _hundredths(package.value_ratio_hundredths),
        "original_price_cny": _hundredths(package.original_price_fen),
        "savings_cny": _hundredths(package.savings_fen),
    }


def _config(package: pb.CreditPackage) -> PackageConfigOut:
    terms = package.terms
    return {
        "name": terms.display_name,
        "description": terms.description,
        "credits": terms.credits,
        "price_cny": _hundredths(terms.price_fen),
        "discount": _hundredths(package.discount_hundredths),
        "popular": terms.is_popular,
        "features": list(terms.features.names),
        "validity_days": terms.validity_days,
        "sort_order": terms.sort_order,
    }


def _hundredths(number: int) -> float:
    """The float nearest to the hundredths, which JSON shows with two places at most."""
    return number / 100


def _in_hundredths(number: Decimal) -> int:
    """Whole: the model takes two places at most."""
    return int(number * 100)
