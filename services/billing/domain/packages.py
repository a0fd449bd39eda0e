"""Packages: credits that are sold together, for a price in fen (1/100 CNY)."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Final

from services.billing.domain.errors import field_invalid
from services.billing.domain.fingerprint import fingerprint
from services.billing.domain.limits import check_description, check_request_id

PACKAGES_LIMIT: Final = 200
PACKAGE_CREDITS_LIMIT: Final = 1_000_000_000
PRICE_FEN_LIMIT: Final = 100_000_000
SORT_ORDER_LIMIT: Final = 1_000_000
VALIDITY_DAYS_LIMIT: Final = 3650
DEFAULT_VALIDITY_DAYS: Final = 365
NAME_MAX_CHARACTERS: Final = 64
FEATURES_LIMIT: Final = 20

# 100 credits are worth 1 CNY, so one credit is worth one fen.
_FEN_PER_CREDIT = 1
_HUNDREDTHS = 10_000
_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class PackageTerms:
    """What a package is. Discounts and ratios are integers of hundredths, so that nothing is lost.

    `discount_hundredths` is that of an administrator, who need not set one. `validity_days` is what is advertised.
    """

    display_name: str
    credits: int
    price_fen: int
    description: str = ""
    discount_hundredths: int | None = None
    is_popular: bool = False
    sort_order: int = 0
    features: tuple[str, ...] = ()
    validity_days: int = DEFAULT_VALIDITY_DAYS

    @property
    def original_price_fen(self) -> int:
        """What the credits are worth at the exchange rate."""
        return self.credits * _FEN_PER_CREDIT

    @property
    def savings_fen(self) -> int:
        """Negative when the package costs more than its credits are worth."""
        return self.original_price_fen - self.price_fen

    @property
    def value_ratio_hundredths(self) -> int:
        """Credits by CNY."""
        return _quotient(self.credits * _HUNDREDTHS, self.price_fen)

    @property
    def shown_discount_hundredths(self) -> int:
        """In percent: as an administrator set it, else the savings by the price."""
        if self.discount_hundredths is not None:
            return self.discount_hundredths
        return _quotient(self.savings_fen * _HUNDREDTHS, self.price_fen)

    def check(self) -> None:
        """Raises Invalid, naming the field."""
        _check_name("display_name", self.display_name)
        check_description(self.description)
        _check_range("credits", "积分数量", self.credits, lowest=1, highest=PACKAGE_CREDITS_LIMIT)
        _check_range("price_fen", "价格（分）", self.price_fen, lowest=1, highest=PRICE_FEN_LIMIT)
        if self.discount_hundredths is not None and not 0 <= self.discount_hundredths <= _HUNDREDTHS:
            raise field_invalid("discount_hundredths", "折扣百分比须在 0 至 100 之间")
        _check_range("sort_order", "排序序号", self.sort_order, lowest=0, highest=SORT_ORDER_LIMIT)
        _check_range("validity_days", "有效天数", self.validity_days, lowest=1, highest=VALIDITY_DAYS_LIMIT)
        if len(self.features) > FEATURES_LIMIT:
            raise field_invalid("features", f"套餐特性不能超过 {FEATURES_LIMIT} 项")
        for feature in self.features:
            _check_name("features", feature)


@dataclass(frozen=True, slots=True)
class GivenTerms:
    """What an administrator says of a package; None was not said."""

    display_name: str | None = None
    credits: int | None = None
    price_fen: int | None = None
    description: str | None = None
    discount_hundredths: int | None = None
    is_popular: bool | None = None
    sort_order: int | None = None
    features: tuple[str, ...] | None = None
    validity_days: int | None = None

    def as_terms(self) -> PackageTerms:
        """The terms of a new package. Raises Invalid, naming the field that is missing or wrong."""
        if self.display_name is None:
            raise field_invalid("display_name", "缺少套餐名称")
        if self.credits is None:
            raise field_invalid("credits", "缺少积分数量")
        if self.price_fen is None:
            raise field_invalid("price_fen", "缺少价格")
        return self.over(PackageTerms(self.display_name, self.credits, self.price_fen))

    def over(self, terms: PackageTerms) -> PackageTerms:
        """The terms with what was said. Raises Invalid, naming the field."""
        said = {field.name: getattr(self, field.name) for field in fields(self)}
        changed = replace(terms, **{name: value for name, value in said.items() if value is not None})
        changed.check()
        return changed


@dataclass(frozen=True, slots=True)
class CreditPackage:
    """A package by its key."""

    key: str
    terms: PackageTerms
    create_time: datetime
    update_time: datetime


@dataclass(frozen=True, slots=True)
class CreatePackage:
    """An administrator wants a package."""

    request_id: str
    operator_user_id: int
    key: str
    terms: PackageTerms

    @property
    def request_key(self) -> str:
        """Names the request: each administrator's request ids are their own."""
        return f"{self.operator_user_id}:{self.request_id}"

    def check(self) -> None:
        """Raises Invalid, naming the field."""
        check_request_id(self.request_id)
        if not _KEY.fullmatch(self.key):
            raise field_invalid("key", "套餐键名须为 1 至 64 个字母、数字、下划线或连字符")
        self.terms.check()

    def input_hash(self) -> str:
        """Tells it from another package with the same request id."""
        terms = self.terms
        return fingerprint(
            self.key,
            terms.display_name,
            terms.credits,
            terms.price_fen,
            terms.description,
            terms.discount_hundredths,
            terms.is_popular,
            terms.sort_order,
            terms.validity_days,
            *terms.features,
        )


def _quotient(dividend: int, divisor: int) -> int:
    """Rounded to the nearest integer, halves away from zero."""
    rounded = (2 * abs(dividend) + divisor) // (2 * divisor)
    return rounded if dividend >= 0 else -rounded


def _check_range(field: str, what: str, number: int, *, lowest: int, highest: int) -> None:
    if not lowest <= number <= highest:
        raise field_invalid(field, f"{what}须在 {lowest} 至 {highest} 之间")


def _check_name(field: str, name: str) -> None:
    what = "套餐名称" if field == "display_name" else "套餐特性"
    if not name.strip() or len(name) > NAME_MAX_CHARACTERS:
        raise field_invalid(field, f"{what}须为 1 至 {NAME_MAX_CHARACTERS} 个字符")
    if "\0" in name:
        raise field_invalid(field, f"{what}不能包含空字符")
