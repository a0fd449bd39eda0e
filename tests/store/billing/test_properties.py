"""Random lives of a ledger against a model small enough to be believed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import create_engine, insert, select
from sqlalchemy.pool import StaticPool

from kit.errors import DomainError
from kit.events.envelope import EventSource
from services.billing.domain.holds import HoldState, Reservation
from services.billing.domain.ledger import Balance, Recharge
from services.billing.events import BillingEvents
from services.billing.store.tables import ENTRIES, FEATURE_PRICES, BillingTable
from services.billing.store.uow import BillingUnit
from services.billing.usecases.hold_book import HoldBook, Settlement, TaskOutcome
from services.billing.usecases.recharge_book import RechargeBook
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds

USERS = (1, 2)
TASKS = [f"t-{number}" for number in range(4)]
HOUR = timedelta(hours=1)


@dataclass
class Model:
    """What a ledger should say. Tasks map to (user, held, state, expiry in seconds)."""

    available: dict[int, int] = field(default_factory=lambda: dict.fromkeys(USERS, 0))
    holds: dict[str, tuple[int, int, HoldState, float]] = field(default_factory=dict)
    recharges: dict[str, tuple[int, int]] = field(default_factory=dict)
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

    def held(self, user: int) -> int:
        return sum(h for u, h, state, _ in self.holds.values() if u == user and state is HoldState.OPEN)


class LedgerLife(RuleBasedStateMachine):
    """Each rule does one thing to the ledger and the model; both must agree on whether it was allowed."""

    @initialize()
    def open(self) -> None:
        self.engine = create_engine("sqlite://", poolclass=StaticPool)
        self.connection = self.engine.connect()
        BillingTable.metadata.create_all(self.connection)
        self.clock, ids = FakeClock(), FakeIds()
        price = {"key": "tts", "display_name": "语音合成", "credits": 10, "position": 1}
        self.connection.execute(insert(FEATURE_PRICES), {**price, "update_time": self.clock.now()})
        self.connection.commit()
        events = BillingEvents(EventSource("billing", ids, self.clock))
        self.book = HoldBook(events, self.clock, ids)
        self.recharges = RechargeBook(events, self.clock)
        self.model = Model()

    def allowed(self, work: Callable[[BillingUnit], object]) -> bool:
        """Runs it in a transaction of its own; False when it was refused."""
        try:
            with self.connection.begin():
                result = work(BillingUnit(self.connection, self.clock))
        except DomainError:
            return False
        return result is not Settlement.CONTRADICTED

    @rule(key=st.sampled_from(["r-1", "r-2", "r-3"]), user=st.sampled_from(USERS), credits=st.sampled_from([5, 40]))
    def recharge(self, key: str, user: int, credits: int) -> None:
        recharge = Recharge(key, operator_user_id=9, user_id=user, credits=credits, description="")
        assert self.allowed(lambda unit: self.recharges.add(unit, recharge)) == self.model.recharge(key, user, credits)

    @rule(task=st.sampled_from(TASKS), user=st.sampled_from(USERS), credits=st.sampled_from([0, 10, 25]))
    def reserve(self, task: str, user: int, credits: int) -> None:
        wanted = Reservation(task, user, "tts", credits=credits, description="", expires_in=HOUR)
        assert self.allowed(lambda unit: self.book.reserve(unit, wanted)) == self.model.reserve(task, user, credits)

    @rule(task=st.sampled_from(TASKS), credits=st.sampled_from([None, 0, 5, 10, 25]))
    def capture(self, task: str, credits: int | None) -> None:
        is_allowed = self.allowed(lambda unit: self.book.capture(unit, self.hold_id(unit, task), credits))
        assert is_allowed == self.model.settle(task, HoldState.CAPTURED, credits)

    @rule(task=st.sampled_from(TASKS))
    def release(self, task: str) -> None:
        is_allowed = self.allowed(lambda unit: self.book.release(unit, self.hold_id(unit, task)))
        assert is_allowed == self.model.settle(task, HoldState.RELEASED, None)

    @rule(task=st.sampled_from(TASKS), outcome=st.sampled_from(TaskOutcome), user=st.sampled_from(USERS))
    def end_task(self, task: str, outcome: TaskOutcome, user: int) -> None:
        owner = self.model.holds.setdefault(task, (user, 0, HoldState.RELEASED, self.model.now))[0]
        is_buried = self.model.holds[task][1:3] == (0, HoldState.RELEASED)
        state = HoldState.CAPTURED if outcome is TaskOutcome.SUCCEEDED else HoldState.RELEASED
        is_allowed = self.allowed(lambda unit: self.book.end_task(unit, task, user_id=owner, outcome=outcome))
        assert is_allowed == self.model.settle(task, state, None) or is_buried

    @rule(seconds=st.sampled_from([1, 1800, 3600]))
    def let_time_pass(self, seconds: int) -> None:
        self.clock.advance(seconds)
        self.model.now += seconds
        with self.connection.begin():
            unit = BillingUnit(self.connection, self.clock)
            for hold_id in unit.holds.due(self.clock.now(), limit=100):
                assert self.book.expire(unit, hold_id)
        for task, (_, _, state, expiry) in list(self.model.holds.items()):
            if state is HoldState.OPEN and expiry <= self.model.now:
                self.model.settle(task, HoldState.RELEASED, None)

    @invariant()
    def agrees_with_the_model(self) -> None:
        if not hasattr(self, "connection"):
            return
        with self.connection.begin():
            unit = BillingUnit(self.connection, self.clock)
            balances = {user: unit.ledger.balances([user]).get(user, Balance(user)) for user in USERS}
        for user, balance in balances.items():
            assert (balance.available, balance.held) == (self.model.available[user], self.model.held(user))
            assert balance.available >= 0

    @invariant()
    def entries_chain_and_explain_the_balance(self) -> None:
        if not hasattr(self, "connection"):
            return
        after = dict.fromkeys(USERS, 0)
        with self.connection.begin():
            rows = self.connection.execute(select(ENTRIES).order_by(ENTRIES.c.id)).all()
        for row in rows:
            assert row.balance_before == after[row.user_id]
            assert row.credits != 0
            after[row.user_id] = row.balance_after
        assert after == self.model.available

    def hold_id(self, unit: BillingUnit, task: str) -> str:
        known = unit.holds.find_by_request(task)
        return "hold_nobody_made" if known is None else known[0].id

    def teardown(self) -> None:
        if hasattr(self, "connection"):
            self.connection.close()
            self.engine.dispose()


TestLedgerLife = LedgerLife.TestCase
TestLedgerLife.settings = settings(max_examples=120, stateful_step_count=40, deadline=None)
