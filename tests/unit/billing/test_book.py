"""What commands do to the ledger: state in, decision out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from kit.errors import DomainError, InsufficientCredits, Invalid, NotFound, Precondition
from services.billing.domain.book import Decision, LedgerState, Recharged, decide
from services.billing.domain.commands import (
    Capture,
    Command,
    EndTask,
    ExpireHold,
    Release,
    Settlement,
    TaskOutcome,
)
from services.billing.domain.holds import Hold, HoldState, Reservation
from services.billing.domain.journal import Posting, TransactionKind
from services.billing.domain.ledger import Balance, Recharge
from services.billing.domain.limits import CREDITS_LIMIT
from services.billing.domain.pricing import FeaturePrice

NOW = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)
USER = 7
RESERVATION = Reservation(
    request_id="tts_1",
    user_id=USER,
    feature_key="tts",
    credits=None,
    description="",
    expires_in=timedelta(hours=1),
)


class Desk:
    """A ledger in memory, to which one command after the other is given."""

    def __init__(self, *, available: int = 0) -> None:
        prices = {"tts": FeaturePrice("tts", "语音合成", 10, NOW)}
        self.state = LedgerState(balances={USER: Balance(USER, available=available)}, prices=prices)
        self.now = NOW
        self._numbers = count(1)

    def give(self, command: Command) -> Decision:
        decision = decide(self.state, command, now=self.now, new_hold_id=lambda: f"hold_{next(self._numbers)}")
        self.state.apply(decision)
        return decision

    def hold(self, asked: Reservation = RESERVATION) -> Hold:
        answer = self.give(asked).answer
        assert isinstance(answer, Hold)
        return answer

    @property
    def credits(self) -> tuple[int, int]:
        """What can be spent, and what is held."""
        balance = self.state.balance(USER)
        return balance.available, balance.held


def recharge(credits: int, request_id: str = "r-1") -> Recharge:
    return Recharge(request_id, operator_user_id=1, user_id=USER, credits=credits, description="客服补偿积分")


def end(task_id: str, outcome: TaskOutcome, event_id: str = "e-1") -> EndTask:
    return EndTask(event_id, task_id, USER, outcome)


def refusal(desk: Desk, command: Command) -> DomainError:
    with pytest.raises(DomainError) as refused:
        desk.give(command)
    return refused.value


def test_reserving_moves_credits_aside() -> None:
    desk = Desk(available=25)
    decision = desk.give(RESERVATION)
    assert desk.credits == (15, 10)
    assert decision.draft is not None
    assert decision.draft.kind is TransactionKind.RESERVE
    assert decision.draft.postings == (Posting("user:7", -10, 15), Posting("held:7", 10, 10))
    assert (decision.draft.request_key, decision.draft.description) == ("reserve:tts_1", "语音合成消耗积分")


def test_reserving_more_than_there_is_says_how_much_is_missing() -> None:
    desk = Desk(available=9)
    refused = refusal(desk, RESERVATION)
    assert isinstance(refused, InsufficientCredits)
    assert refused.message == "积分不足，需要 10 积分，当前可用 9 积分"
    assert desk.credits == (9, 0)


def test_a_free_hold_moves_nothing_and_is_settled_all_the_same() -> None:
    desk = Desk()
    decision = desk.give(replace(RESERVATION, credits=0))
    assert decision.draft is None
    settled = desk.give(Capture("hold_1"))
    assert settled.draft is None
    assert settled.settled is not None


def test_a_repeated_reservation_changes_nothing() -> None:
    desk = Desk(available=25)
    first = desk.hold()
    assert desk.give(RESERVATION) == Decision(first)
    assert isinstance(refusal(desk, replace(RESERVATION, credits=10)), Invalid)
    desk.give(Release(first.id))
    assert isinstance(refusal(desk, RESERVATION), Precondition)


@pytest.mark.parametrize(
    ("credits", "left", "postings"),
    [
        (None, 15, [("held:7", -10), ("consumption", 10)]),
        (10, 15, [("held:7", -10), ("consumption", 10)]),
        (4, 21, [("held:7", -10), ("user:7", 6), ("consumption", 4)]),
        (0, 25, [("held:7", -10), ("user:7", 10)]),
    ],
)
def test_capturing_takes_so_much_and_returns_the_rest(
    credits: int | None, left: int, postings: list[tuple[str, int]]
) -> None:
    desk = Desk(available=25)
    decision = desk.give(Capture(desk.hold().id, credits))
    assert decision.draft is not None
    assert [(posting.account, posting.credits) for posting in decision.draft.postings] == postings
    assert desk.credits == (left, 0)


def test_releasing_returns_everything() -> None:
    desk = Desk(available=25)
    decision = desk.give(Release(desk.hold().id))
    assert desk.credits == (25, 0)
    assert decision.draft is not None
    assert decision.draft.request_key == "settle:hold_1"


def test_settling_again_is_an_answer_and_the_other_way_a_refusal() -> None:
    desk = Desk(available=25)
    hold = desk.hold()
    captured = desk.give(Capture(hold.id, 4)).answer
    assert desk.give(Capture(hold.id, 9)) == Decision(captured)
    assert refusal(desk, Release(hold.id)).reason_name == "HOLD_SETTLED"
    assert isinstance(refusal(desk, Capture("hold_nobody_made")), NotFound)


def test_a_hold_expires_when_its_time_has_come_and_not_before() -> None:
    desk = Desk(available=25)
    hold = desk.hold()
    desk.now = hold.expire_time - timedelta(microseconds=1)
    assert desk.give(ExpireHold(hold.id)) == Decision(Settlement.REPEATED)
    desk.now = hold.expire_time
    decision = desk.give(ExpireHold(hold.id))
    assert decision.answer is Settlement.SETTLED
    assert decision.draft is not None
    assert (decision.draft.kind, decision.draft.description) == (TransactionKind.EXPIRE_HOLD, "预扣超时，退还积分")
    assert desk.give(ExpireHold(hold.id)).answer is Settlement.REPEATED
    assert desk.credits == (25, 0)


@pytest.mark.parametrize(
    ("outcome", "state", "left"),
    [(TaskOutcome.SUCCEEDED, HoldState.CAPTURED, 15), (TaskOutcome.NOT_DONE, HoldState.RELEASED, 25)],
)
def test_the_end_of_a_task_settles_its_hold(outcome: TaskOutcome, state: HoldState, left: int) -> None:
    desk = Desk(available=25)
    hold = desk.hold()
    assert desk.give(end("tts_1", outcome)).answer is Settlement.SETTLED
    assert desk.state.hold(hold.id).state is state
    assert desk.give(end("tts_1", outcome)) == Decision(Settlement.REPEATED)
    assert desk.give(end("tts_1", outcome, "e-2")).answer is Settlement.REPEATED
    other = TaskOutcome.NOT_DONE if outcome is TaskOutcome.SUCCEEDED else TaskOutcome.SUCCEEDED
    assert desk.give(end("tts_1", other, "e-3")).answer is Settlement.CONTRADICTED
    assert desk.credits == (left, 0)


def test_the_end_of_a_task_before_its_hold_keeps_it_from_being_made() -> None:
    desk = Desk(available=25)
    assert desk.give(end("tts_1", TaskOutcome.NOT_DONE)).answer is Settlement.BURIED
    assert refusal(desk, RESERVATION).reason_name == "HOLD_SETTLED"
    assert desk.credits == (25, 0)


def test_a_recharge_is_done_once_per_request() -> None:
    desk = Desk()
    decision = desk.give(recharge(5))
    assert decision.answer == Recharged("recharge:1:r-1")
    assert desk.give(recharge(5)) == Decision(decision.answer)
    assert refusal(desk, recharge(6)).reason_name == "IDEMPOTENCY_KEY_REUSED"
    desk.give(replace(recharge(6), operator_user_id=2))
    assert desk.credits == (11, 0)


def test_recharging_stops_below_what_json_counts_exactly() -> None:
    desk = Desk(available=CREDITS_LIMIT - 30)
    desk.hold()
    desk.give(recharge(29))
    assert refusal(desk, recharge(1, "r-2")).reason_name == "CREDITS_LIMIT_EXCEEDED"
