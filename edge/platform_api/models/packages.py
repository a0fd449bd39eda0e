"""Packages of credits, for users and for administrators. Prices are in CNY, to the fen."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, NotRequired

from pydantic import Field, WithJsonSchema
from typing_extensions import TypedDict

from edge.endpoint import In

MAX_CREDITS = 1_000_000_000
MAX_PRICE_CNY = 1_000_000
MAX_SORT_ORDER = 1_000_000
MAX_VALIDITY_DAYS = 3650


def _hundredths(description: str, *, lowest: float, highest: float) -> dict[str, Any]:
    """The schema of a number with two decimal places, for which pydantic would describe a text, too."""
    return {
        "type": "number",
        "minimum": lowest,
        "maximum": highest,
        "multipleOf": 0.01,
        "description": description,
    }


PackageKey = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="套餐键名（唯一标识）")]
Name = Annotated[str, Field(min_length=1, max_length=64, description="套餐名称")]
Credits = Annotated[int, Field(ge=1, le=MAX_CREDITS, description="积分数量")]
PriceCny = Annotated[
    Decimal,
    Field(ge=Decimal("0.01"), le=MAX_PRICE_CNY, decimal_places=2),
    WithJsonSchema(_hundredths("价格（人民币）", lowest=0.01, highest=MAX_PRICE_CNY)),
]
Discount = Annotated[
    Decimal,
    Field(ge=0, le=100, decimal_places=2),
    WithJsonSchema(_hundredths("折扣百分比，缺省时由价格计算", lowest=0, highest=100)),
]
SortOrder = Annotated[int, Field(ge=0, le=MAX_SORT_ORDER, description="排序序号")]
Description = Annotated[str, Field(max_length=200, description="套餐说明")]
Features = Annotated[str, Field(max_length=2000, description="套餐特性，以逗号分隔")]
ValidityDays = Annotated[int, Field(ge=1, le=MAX_VALIDITY_DAYS, description="有效天数")]


class PackageTermsIn(In):
    """What both making and changing a package take; None leaves it as it is, or at its default."""

    discount: Discount | None = None
    popular: bool | None = Field(default=None, description="是否为热门套餐")
    sort_order: SortOrder | None = None
    # Beyond the contract, which shows these three but names no parameter for them.
    description: Description | None = None
    features: Features | None = None
    validity_days: ValidityDays | None = None


class CreatePackageIn(PackageTermsIn):
    package_key: PackageKey
    name: Name
    credits: Credits
    price_cny: PriceCny


class UpdatePackageIn(PackageTermsIn):
    package_key: str
    name: Name | None = None
    credits: Credits | None = None
    price_cny: PriceCny | None = None


class DeletePackageIn(In):
    package_key: str


class PackageOut(TypedDict):
    name: str
    credits: int
    price_cny: float
    discount: float
    popular: bool
    value_ratio: float
    original_price_cny: float
    savings_cny: float


class PackageUserOut(TypedDict):
    current_credits: int
    account: str


class ExchangeRateOut(TypedDict):
    cny_to_credits: int
    description: str


class PriceRangeOut(TypedDict):
    min_price: float
    max_price: float


class CreditsRangeOut(TypedDict):
    min_credits: int
    max_credits: int


class PackageSummaryOut(TypedDict):
    total_packages: int
    price_range: PriceRangeOut
    credits_range: CreditsRangeOut


class PackagesOut(TypedDict):
    user_info: PackageUserOut
    packages: dict[str, PackageOut]
    exchange_rate: ExchangeRateOut
    summary: PackageSummaryOut


class PackageConfigOut(TypedDict):
    name: str
    description: str
    credits: int
    price_cny: float
    discount: float
    popular: bool
    features: list[str]
    validity_days: int
    # Beyond the contract.
    sort_order: NotRequired[int]


class PackageConfigInfoOut(TypedDict):
    total_packages: int
    last_updated: str | None
    managed_by: str


class PackageConfigsOut(TypedDict):
    packages: dict[str, PackageConfigOut]
    exchange_rate: ExchangeRateOut
    config_info: PackageConfigInfoOut


class PackageCreatedOut(TypedDict):
    message: str
    package_key: str
    package: PackageConfigOut
    created_by: str
    created_at: str


class PackageUpdatedOut(TypedDict):
    message: str
    package_key: str
    package: PackageConfigOut
    updated_by: str
    updated_at: str


class PackageDeletedOut(TypedDict):
    message: str
    package_key: str
    package_name: str
    deleted_by: str
    deleted_at: str
