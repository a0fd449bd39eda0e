"""Holds: credits set aside for one task until it has ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from kit.values import value
from services.billing.domain.errors import field_invalid, hold_captured, hold_released
from services.billing.domain.fingerprint import fingerprint
from services.billing.domain.limits import CREDITS_LIMIT, check_description, check_request_id

LONGEST_HOLD = timedelta(days=7)


class HoldState(StrEnum):
    """Where a hold is. The values are stored. Settled once: captured and released are final."""

    OPEN = "open"
    CAPTURED = "captured"
    RELEASED = "released"


@value
class Reservation:
    """What is asked for. `request_id` is the task's id; without credits the feature's price is meant."""

    request_id: str
    user_id: int
    feature_key: str
    credits: int | None
    description: str
    expires_in: timedelta

    def check(self) -> None:
        """Raises Invalid, naming the field."""
        check_request_id(self.request_id)
        check_description(self.description)
        if self.user_id < 1:
            raise field_invalid("user_id", "用户标识须为正整数")
        if self.credits is not None and not 0 <= self.credits < CREDITS_LIMIT:
            raise field_invalid("credits", "积分数量不能为负数，且不能超过上限")
        if not timedelta() < self.expires_in <= LONGEST_HOLD:
            raise field_invalid("expires_in", f"预扣时长须大于 0 且不超过 {LONGEST_HOLD.days} 天")

    def input_hash(self) -> str:
        """Tells it from another reservation with the same request id."""
        return fingerprint(
            self.user_id, self.feature_key, self.credits, self.description, self.expires_in.total_seconds()
        )


@value
class Hold:
    """Credits set aside. `captured_credits` were taken for good; the rest went back when it was settled.

    `input_hash` is that of the reservation, empty for a tombstone.
    """

    id: str
    request_id: str
    input_hash: str
    user_id: int
    feature_key: str
    credits: int
    captured_credits: int
    state: HoldState
    create_time: datetime
    expire_time: datetime
    settle_time: datetime | None

    def captured(self, credits: int | None, now: datetime) -> Hold:
        """This hold with the credits taken, all of them when None; itself when it was captured before.

        Raises Precondition (HOLD_SETTLED) when it was released, Invalid for more than was held.
        """
        if self.state is HoldState.CAPTURED:
            return self
        if self.state is HoldState.RELEASED:
            raise hold_released()
        taken = self.credits if credits is None else credits
        if not 0 <= taken <= self.credits:
            raise field_invalid("credits", f"扣除的积分须在 0 至 {self.credits} 之间")
        return replace(self, state=HoldState.CAPTURED, captured_credits=taken, settle_time=now)

    def released(self, now: datetime) -> Hold:
        """This hold with everything given back; itself when it was released before.

        Raises Precondition (HOLD_SETTLED) when it was captured.
        """
        if self.state is HoldState.RELEASED:
            return self
        if self.state is HoldState.CAPTURED:
            raise hold_captured()
        return replace(self, state=HoldState.RELEASED, settle_time=now)


def open_hold(hold_id: str, reservation: Reservation, *, credits: int, now: datetime) -> Hold:
    """A hold of this many credits."""
    return Hold(
        id=hold_id,
        request_id=reservation.request_id,
        input_hash=reservation.input_hash(),
        user_id=reservation.user_id,
        feature_key=reservation.feature_key,
        credits=credits,
        captured_credits=0,
        state=HoldState.OPEN,
        create_time=now,
        expire_time=now + reservation.expires_in,
        settle_time=None,
    )


def tombstone(hold_id: str, request_id: str, *, user_id: int, now: datetime) -> Hold:
    """Stands for a task that ended before its credits were held, so that they never will be."""
    return Hold(
        id=hold_id,
        request_id=request_id,
        input_hash="",
        user_id=user_id,
        feature_key="",
        credits=0,
        captured_credits=0,
        state=HoldState.RELEASED,
        create_time=now,
        expire_time=now,
        settle_time=now,
    )
