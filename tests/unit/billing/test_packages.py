"""Packages: exact figures, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kit.errors import Invalid
from services.billing.domain.packages import (
    FEATURES_LIMIT,
    PACKAGE_CREDITS_LIMIT,
    PRICE_FEN_LIMIT,
    CreatePackage,
    GivenTerms,
    PackageTerms,
)
from services.billing.domain.pricing import PRICE_LIMIT, ChangePrice

TERMS = PackageTerms("30元充值", 3100, 3000)


@pytest.mark.parametrize(
    ("credits", "price_fen", "discount", "ratio", "savings_fen"),
    [
        (100, 100, 0, 10_000, 0),
        (3100, 3000, 333, 10_333, 100),
        (7200, 6800, 588, 10_588, 400),
        (14_000, 12_800, 938, 10_938, 1200),
        (36_800, 32_800, 1220, 11_220, 4000),
        # Costs more than it is worth; -16.666… % is rounded away from zero.
        (1000, 1200, -1667, 8333, -200),
        (PACKAGE_CREDITS_LIMIT, 1, (PACKAGE_CREDITS_LIMIT - 1) * 10_000, PACKAGE_CREDITS_LIMIT * 10_000, 999_999_999),
    ],
)
def test_figures_are_those_of_the_contract(
    credits: int, price_fen: int, discount: int, ratio: int, savings_fen: int
) -> None:
    terms = PackageTerms("套餐", credits, price_fen)
    assert (terms.shown_discount_hundredths, terms.value_ratio_hundredths) == (discount, ratio)
    assert (terms.original_price_fen, terms.savings_fen) == (credits, savings_fen)


def test_a_discount_that_was_set_is_shown_as_it_is() -> None:
    assert replace(TERMS, discount_hundredths=2000).shown_discount_hundredths == 2000
    assert replace(TERMS, discount_hundredths=0).shown_discount_hundredths == 0


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (GivenTerms(display_name=" "), "display_name"),
        (GivenTerms(display_name="名" * 65), "display_name"),
        (GivenTerms(display_name="a\0"), "display_name"),
        (GivenTerms(credits=0), "credits"),
        (GivenTerms(credits=PACKAGE_CREDITS_LIMIT + 1), "credits"),
        (GivenTerms(price_fen=0), "price_fen"),
        (GivenTerms(price_fen=PRICE_FEN_LIMIT + 1), "price_fen"),
        (GivenTerms(description="述" * 201), "description"),
        (GivenTerms(discount_hundredths=-1), "discount_hundredths"),
        (GivenTerms(discount_hundredths=10_001), "discount_hundredths"),
        (GivenTerms(sort_order=-1), "sort_order"),
        (GivenTerms(features=("合成",) * (FEATURES_LIMIT + 1)), "features"),
        (GivenTerms(features=("",)), "features"),
        (GivenTerms(validity_days=0), "validity_days"),
        (GivenTerms(validity_days=3651), "validity_days"),
    ],
)
def test_terms_out_of_bounds_are_refused(given: GivenTerms, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        given.over(TERMS)
    assert refused.value.metadata == {"field": field}


@pytest.mark.parametrize("missing", ["display_name", "credits", "price_fen"])
def test_a_new_package_needs_name_credits_and_price(missing: str) -> None:
    given = GivenTerms(display_name="套餐", credits=1, price_fen=1)
    with pytest.raises(Invalid) as refused:
        replace(given, **{missing: None}).as_terms()
    assert refused.value.metadata == {"field": missing}


def test_what_was_not_said_stays() -> None:
    former = replace(TERMS, is_popular=True, features=("合成",), discount_hundredths=100)
    changed = GivenTerms(price_fen=2900, is_popular=False).over(former)
    assert changed == replace(former, price_fen=2900, is_popular=False)
    assert GivenTerms(features=()).over(former).features == ()


@pytest.mark.parametrize("key", ["", "a b", "a/b", "套餐", "a" * 65, "a\n"])
def test_keys_that_cannot_stand_in_a_path_are_refused(key: str) -> None:
    with pytest.raises(Invalid, match="套餐键名"):
        CreatePackage("r-1", 1, key, TERMS).check()


def test_any_difference_makes_another_request() -> None:
    asked = CreatePackage("r-1", 1, "vip", TERMS)
    others = [
        replace(asked, key="vip2"),
        *(
            replace(asked, terms=replace(TERMS, **{name: value}))
            for name, value in {
                "display_name": "x",
                "credits": 1,
                "price_fen": 1,
                "description": "x",
                "discount_hundredths": 1,
                "is_popular": True,
                "sort_order": 1,
                "features": ("x",),
                "validity_days": 1,
            }.items()
        ),
    ]
    hashes = {each.input_hash() for each in [asked, *others]}
    assert len(hashes) == 1 + len(others)


@pytest.mark.parametrize("credits", [-1, PRICE_LIMIT + 1])
def test_prices_out_of_bounds_are_refused(credits: int) -> None:
    with pytest.raises(Invalid, match="积分消耗须在 0 至 1000000 之间"):
        ChangePrice("tts", credits, 1).check()
