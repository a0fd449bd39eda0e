"""Random lives of a ledger, in groups and alone, against a model small enough to be believed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from sqlalchemy import Engine, create_engine, insert
from sqlalchemy.pool import NullPool, StaticPool

from kit.errors import DomainError
from kit.events.envelope import EventSource
from kit.rpc.context import CallContext
from services.billing.domain.cards import CardBatch, CardState, RedeemCard, Redemption
from services.billing.domain.commands import Capture, Command, EndTask, ExpireHold, Release, Settlement, TaskOutcome
from services.billing.domain.holds import Hold, HoldState, Reservation
from services.billing.domain.journal import GENESIS
from services.billing.domain.ledger import Balance, Entry, Recharge
from services.billing.events import BillingEvents
from services.billing.store.audit import LedgerAudit
from services.billing.store.tables import CHAIN_HEAD, FEATURE_PRICES, BillingTable
from services.billing.store.uow import BillingUnit
from services.billing.usecases.ledger_work import LedgerWork, Result, Submission
from services.billing.usecases.verification import Verification
from tests.databases import PostgresServer
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds

LIVES = 500
# One life on PostgreSQL takes as long as three on SQLite.
LIVES_ON_POSTGRESQL = 60
STEPS = 200
USERS = (1, 2)
TASKS = [f"t-{number}" for number in range(4)]
HOUR = timedelta(hours=1)
CARD_CREDITS = 8
CODES = ["A" * 16, "B" * 16, "C" * 16]


@dataclass
class Model:
    """What a ledger should say. Tasks map to (user, held, state, expiry in seconds)."""

    available: dict[int, int] = field(default_factory=lambda: dict.fromkeys(USERS, 0))
    holds: dict[str, tuple[int, int, HoldState, float]] = field(default_factory=dict)
    recharges: dict[str, tuple[int, int]] = field(default_factory=dict)
    events: set[str] = field(default_factory=set)
    redeemed: dict[tuple[int, str], str] = field(default_factory=dict)
    withdrawn: set[str] = field(default_factory=set)
    now: float = 0.0

    def recharge(self, key: str, user: int, credits: int) -> bool:
        if key in self.recharges:
            return self.recharges[key] == (user, credits)
        self.recharges[key] = (user, credits)
        self.available[user] += credits
        return True

    def reserve(self, task: str, user: int, credits: int) -> bool:
        if task in self.holds:
            owner, held, state, _ = self.holds[task]
            return (owner, held) == (user, credits) and state is not HoldState.RELEASED
        if self.available[user] < credits:
            return False
        self.available[user] -= credits
        self.holds[task] = (user, credits, HoldState.OPEN, self.now + HOUR.total_seconds())
        return True

    def settle(self, task: str, state: HoldState, captured: int | None) -> bool:
        if task not in self.holds:
            return False
        user, held, before, expiry = self.holds[task]
        if before is not HoldState.OPEN:
            return before is state
        if captured is not None and captured > held:
            return False
        kept = (held if captured is None else captured) if state is HoldState.CAPTURED else 0
        self.available[user] += held - kept
        self.holds[task] = (user, held, state, expiry)
        return True

    def expire(self, task: str) -> Settlement | None:
        if task not in self.holds:
            return None
        _, _, state, expiry = self.holds[task]
        if state is not HoldState.OPEN or expiry > self.now:
            return Settlement.REPEATED
        self.settle(task, HoldState.RELEASED, None)
        return Settlement.SETTLED

    def end_task(self, event: str, task: str, user: int, state: HoldState) -> Settlement:
        if event in self.events:
            return Settlement.REPEATED
        self.events.add(event)
        if task not in self.holds:
            self.holds[task] = (user, 0, HoldState.RELEASED, self.now)
            return Settlement.BURIED
        was_open = self.holds[task][2] is HoldState.OPEN
        if not self.settle(task, state, None):
            return Settlement.CONTRADICTED
        return Settlement.SETTLED if was_open else Settlement.REPEATED

    def redeem(self, request: str, user: int, code: str) -> bool:
        if (user, request) in self.redeemed:
            return self.redeemed[user, request] == code
        is_free = code in CODES and code not in self.withdrawn and code not in self.redeemed.values()
        if not is_free or self.now >= HOUR.total_seconds():
            return False
        self.redeemed[user, request] = code
        self.available[user] += CARD_CREDITS
        return True

    def held(self, user: int) -> int:
        return sum(h for u, h, state, _ in self.holds.values() if u == user and state is HoldState.OPEN)


# A step names tasks; the hold of a task is known only when its group runs.
Step = tuple[Any, ...]
users, tasks = st.sampled_from(USERS), st.sampled_from(TASKS)
steps: st.SearchStrategy[Step] = st.one_of(
    st.tuples(st.just("recharge"), st.sampled_from(["r-1", "r-2", "r-3", "r-4"]), users, st.integers(1, 40)),
    st.tuples(st.just("redeem"), st.sampled_from(["r-1", "r-2"]), users, st.sampled_from([*CODES, "D" * 16])),
    st.tuples(st.just("reserve"), tasks, users, st.sampled_from([0, 5, 10, 25])),
    st.tuples(st.just("capture"), tasks, st.sampled_from([None, 0, 5, 10, 25])),
    st.tuples(st.just("release"), tasks),
    st.tuples(st.just("expire"), tasks),
    st.tuples(st.just("end"), st.sampled_from(["e-1", "e-2", "e-3"]), tasks, users, st.sampled_from(TaskOutcome)),
)


class LedgerLife(RuleBasedStateMachine):
    """Each rule gives one group to the ledger and to the model; both must agree on every outcome.

    The whole ledger is checked after every step, but not after one in which only time passes: that touches no ledger.
    """

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.connection = engine.connect()

    @initialize()
    def open(self) -> None:
        with self.connection.begin():
            for table in reversed(BillingTable.metadata.sorted_tables):
                self.connection.execute(table.delete())
            self.clock = FakeClock()
            price = {"key": "tts", "display_name": "语音合成", "credits": 10, "position": 1}
            self.connection.execute(insert(FEATURE_PRICES), price | {"update_time": self.clock.now()})
            self.connection.execute(insert(CHAIN_HEAD), {"id": 1, "transaction_id": 0, "hash": GENESIS.hash})
            self.make_cards()
        ids = FakeIds()
        events = BillingEvents(EventSource("billing", ids, self.clock))
        self.work = LedgerWork(events, new_hold_id=partial(ids.ordered, "hold_"))
        self.model = Model()

    def make_cards(self) -> None:
        now = self.clock.now()
        batch = CardBatch(0, "B-1", "tiny", "小套餐", CARD_CREDITS, 8, len(CODES), "", now + HOUR, 9, now)
        BillingUnit(self.connection, self.clock).cards.add_batch(batch, CODES, request_key="9:g-1", input_hash="")

    @rule(group=st.lists(steps, min_size=1, max_size=6))
    def perform(self, group: list[Step]) -> None:
        with self.connection.begin():
            unit = BillingUnit(self.connection, self.clock)
            hold_ids = {hold.request_id: hold.id for hold in unit.holds.find(request_ids=TASKS)}
            submissions = [Submission(command_of(step, hold_ids), CallContext()) for step in group]
            results = self.work.run(unit, submissions, self.clock.now())
        for step, result in zip(group, results, strict=True):
            is_known = step[0] in ("recharge", "redeem", "reserve", "end") or step[1] in hold_ids
            expected = self.expected(step) if is_known else False
            assert outcome_of(result) == expected, (step, result)
        self.check()

    @rule(seconds=st.sampled_from([1, 1800, 3600]))
    def let_time_pass(self, seconds: int) -> None:
        self.clock.advance(seconds)
        self.model.now += seconds

    @rule(code=st.sampled_from(CODES), state=st.sampled_from([CardState.DISABLED, CardState.DELETED]))
    def withdraw(self, code: str, state: CardState) -> None:
        with self.connection.begin():
            cards = BillingUnit(self.connection, self.clock).cards
            (card,) = cards.lock_codes([code])
            assert (card.state is CardState.USED) == (code in self.model.redeemed.values())
            if card.state is not CardState.USED:
                cards.withdraw_all([card.id], state)
                self.model.withdrawn.add(code)

    @rule()
    def expire_what_is_due(self) -> None:
        with self.connection.begin():
            unit = BillingUnit(self.connection, self.clock)
            due = unit.holds.due(self.clock.now(), limit=100)
            submissions = [Submission(ExpireHold(hold_id), CallContext()) for hold_id in due]
            results = self.work.run(unit, submissions, self.clock.now())
        assert all(result is Settlement.SETTLED for result in results)
        settled = [self.model.expire(task) for task in list(self.model.holds)]
        assert settled.count(Settlement.SETTLED) == len(due)
        self.check()

    def check(self) -> None:
        """The ledger agrees with the model, and nothing in it is wrong."""
        with self.connection.begin():
            found = BillingUnit(self.connection, self.clock).accounts.balances(USERS)
            wrong = list(Verification(LedgerAudit(self.connection)).findings())
        for user in USERS:
            balance = found.get(user, Balance(user))
            assert (balance.available, balance.held) == (self.model.available[user], self.model.held(user))
        assert wrong == []

    def expected(self, step: Step) -> bool | Settlement | None:
        match step:
            case ("recharge", key, user, credits):
                return self.model.recharge(key, user, credits)
            case ("redeem", request, user, code):
                return self.model.redeem(request, user, code)
            case ("reserve", task, user, credits):
                return self.model.reserve(task, user, credits)
            case ("capture", task, credits):
                return self.model.settle(task, HoldState.CAPTURED, credits)
            case ("release", task):
                return self.model.settle(task, HoldState.RELEASED, None)
            case ("expire", task):
                return self.model.expire(task)
            case ("end", event, task, user, outcome):
                state = HoldState.CAPTURED if outcome is TaskOutcome.SUCCEEDED else HoldState.RELEASED
                return self.model.end_task(event, task, user, state)
        raise AssertionError(step)

    def teardown(self) -> None:
        self.connection.close()


def command_of(step: Step, hold_ids: dict[str, str]) -> Command:
    match step:
        case ("recharge", key, user, credits):
            return Recharge(key, operator_user_id=9, user_id=user, credits=credits, description="")
        case ("redeem", request, user, code):
            return RedeemCard(request, user, code)
        case ("reserve", task, user, credits):
            return Reservation(task, user, "tts", credits, "", HOUR)
        case ("capture", task, credits):
            return Capture(hold_ids.get(task, "hold_nobody_made"), credits)
        case ("release", task):
            return Release(hold_ids.get(task, "hold_nobody_made"))
        case ("expire", task):
            return ExpireHold(hold_ids.get(task, "hold_nobody_made"))
        case ("end", event, task, user, outcome):
            return EndTask(event, task, user, outcome)
    raise AssertionError(step)


def outcome_of(result: Result) -> bool | Settlement:
    """Refused, allowed, or what was done."""
    if isinstance(result, Hold | Entry | Redemption):
        return True
    return False if isinstance(result, DomainError) else result


def live(engine: Engine, lives: int) -> None:
    """So many lives of up to STEPS steps. A failure prints its steps, and the blob that
    `hypothesis.reproduce_failure` repeats it by."""
    BillingTable.metadata.create_all(engine)
    run_state_machine_as_test(
        partial(LedgerLife, engine),
        settings=settings(
            max_examples=lives,
            stateful_step_count=STEPS,
            deadline=None,
            print_blob=True,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )


@pytest.mark.timeout(600)
def test_random_lives_on_sqlite() -> None:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    live(engine, LIVES)
    engine.dispose()


@pytest.mark.timeout(600)
def test_random_lives_on_postgresql(postgres_server: PostgresServer) -> None:
    with postgres_server.fresh_database() as url:
        engine = create_engine(url, poolclass=NullPool, connect_args={"options": "-c synchronous_commit=off"})
        live(engine, LIVES_ON_POSTGRESQL)
        engine.dispose()
