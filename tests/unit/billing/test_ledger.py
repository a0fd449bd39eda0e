"""Balances, holds, and what is asked of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kit.errors import Invalid, Precondition
from services.billing.domain.holds import Hold, HoldState, Reservation, open_hold, tombstone
from services.billing.domain.ledger import Balance, Recharge
from services.billing.domain.limits import CREDITS_LIMIT

NOW = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)


RESERVATION = Reservation(
    request_id="tts_1",
    user_id=7,
    feature_key="tts",
    credits=None,
    description="",
    expires_in=timedelta(hours=1),
)


def hold_of(credits: int) -> Hold:
    return open_hold("hold_1", RESERVATION, credits=credits, now=NOW)


def recharge_of(credits: int) -> Recharge:
    return Recharge("r-1", operator_user_id=1, user_id=7, credits=credits, description="管理员手动充值")


def test_a_hold_is_settled_once() -> None:
    captured, released = hold_of(10).captured(4, NOW), hold_of(10).released(NOW)
    assert captured.captured(9, NOW + timedelta(hours=1)) is captured
    assert released.released(NOW + timedelta(hours=1)) is released
    for settle in (captured.released, lambda now: released.captured(None, now)):
        with pytest.raises(Precondition) as refusal:
            settle(NOW)
        assert refusal.value.reason_name == "HOLD_SETTLED"


@pytest.mark.parametrize("credits", [-1, 11])
def test_no_more_than_was_held_can_be_captured(credits: int) -> None:
    with pytest.raises(Invalid):
        hold_of(10).captured(credits, NOW)


def test_a_tombstone_holds_nothing_and_is_released() -> None:
    stone = tombstone("hold_2", "tts_2", user_id=7, now=NOW)
    assert (stone.state, stone.credits) == (HoldState.RELEASED, 0)


def test_balances_refuse_to_become_negative() -> None:
    with pytest.raises(AssertionError):
        Balance(7, available=1).moved(available=-2, held=0)
    with pytest.raises(AssertionError):
        Balance(7, held=1).moved(available=0, held=-2)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("request_id", ""),
        ("request_id", "x" * 129),
        ("request_id", "x\0"),
        ("user_id", 0),
        ("credits", -1),
        ("credits", CREDITS_LIMIT),
        ("description", "说" * 201),
        ("description", "说\0"),
        ("expires_in", timedelta()),
        ("expires_in", timedelta(days=7, microseconds=1)),
    ],
)
def test_a_reservation_out_of_bounds_is_refused_by_name_of_the_field(field: str, value: Any) -> None:
    with pytest.raises(Invalid) as refusal:
        replace(RESERVATION, **{field: value}).check()
    assert refusal.value.metadata["field"] == field


def test_a_reservation_within_bounds_passes() -> None:
    replace(RESERVATION, credits=0, description="说" * 200, expires_in=timedelta(days=7)).check()


def test_a_recharge_adds_at_least_one_credit() -> None:
    recharge_of(1).check()
    with pytest.raises(Invalid):
        recharge_of(0).check()
