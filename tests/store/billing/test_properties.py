"""Random lives of a ledger, in groups and alone, against a model small enough to be believed.

A life is one transaction on a migrated database, undone at its end. After every group the balances are those of the
model, of the journal and of the open holds; the whole ledger is verified at the end of each life. The same lives are
lived in every run; `--hypothesis-seed=N` tries others.
"""

from __future__ import annotations

from calendar import isleap
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from sqlalchemy import Engine, create_engine, func, select
from sqlalchemy.pool import NullPool

from kit.db.migrate import upgrade
from kit.errors import DomainError
from kit.events.envelope import EventSource
from kit.rpc.context import CallContext
from services.billing.domain.adjustments import Adjust, Adjusted, AdjustmentOperation
from services.billing.domain.cards import CardBatch, CardState, RedeemCard, Redemption
from services.billing.domain.commands import (
    Capture,
    Command,
    EndTask,
    ExpireCredits,
    ExpireHold,
    Release,
    Settlement,
    TaskOutcome,
)
from services.billing.domain.holds import Hold, HoldState, Reservation
from services.billing.domain.invites import InviteCode, InviteUse, UseInvite
from services.billing.domain.journal import held_account, spendable_account
from services.billing.domain.ledger import Balance, Entry, Recharge
from services.billing.events import BillingEvents
from services.billing.store.audit import LedgerAudit
from services.billing.store.tables import HOLDS, POSTINGS
from services.billing.store.uow import BillingUnit
from services.billing.usecases.ledger_work import LedgerWork, Result, Submission
from services.billing.usecases.verification import Verification
from tests.databases import PostgresServer
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds
from tests.store.billing.model import (
    CARD_CREDITS,
    CARD_LIFE,
    CARDS,
    HOLD_LIFE,
    INVITE_CREDITS,
    INVITE_LIFE,
    INVITES,
    WRONG_CARD,
    WRONG_CODES,
    WRONG_INVITE,
    Model,
    Step,
)
from tests.store.migrated import SERVICES

pytestmark = pytest.mark.long

LIVES = 500
# A step is a command; they come in groups, half of which have more than four.
STEPS = 200
GROUP = 8
GROUPS = STEPS // 4
USERS = (1, 2, 3)
# Enough ids that most are fresh, and few enough that each comes back.
TASKS = [f"t-{number}" for number in range(20)]
DAY_S = 24 * 3600
JUMPS_S = [1, 600, 3600, DAY_S, 7 * DAY_S, 30 * DAY_S, 365 * DAY_S]

users, tasks = st.sampled_from(USERS), st.sampled_from(TASKS)
requests = st.sampled_from([f"r-{number}" for number in range(8)])
events = st.sampled_from([f"e-{number}" for number in range(12)])
reserving: st.SearchStrategy[Step] = st.tuples(st.just("reserve"), tasks, users, st.sampled_from([0, 5, 10, 25]))
settling: st.SearchStrategy[Step] = st.one_of(
    st.tuples(st.just("capture"), tasks, st.sampled_from([None, 0, 5, 10, 25])),
    st.tuples(st.just("release"), tasks),
    st.tuples(st.just("expire"), tasks),
    st.tuples(st.just("end"), events, tasks, users, st.sampled_from(TaskOutcome)),
)
granting: st.SearchStrategy[Step] = st.one_of(
    st.tuples(st.just("recharge"), requests, users, st.integers(1, 200), st.sampled_from([None, None, 1, 30, 365])),
    st.tuples(st.just("adjust"), requests, users, st.sampled_from(AdjustmentOperation), st.integers(1, 100)),
    st.tuples(st.just("redeem"), requests, users, st.sampled_from([*CARDS, WRONG_CARD])),
    st.tuples(st.just("use"), requests, users, st.sampled_from([*INVITES, WRONG_INVITE])),
)


def groups_of(*kinds: st.SearchStrategy[Step]) -> st.SearchStrategy[list[Step]]:
    return st.lists(st.one_of(*kinds), min_size=1, max_size=GROUP)


class LedgerLife(RuleBasedStateMachine):
    """Each rule gives one group to the ledger and to the model; both must agree on every outcome."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.connection = engine.connect()
        self.clock, ids = FakeClock(), FakeIds()
        events = BillingEvents(EventSource("billing", ids, self.clock))
        self.work = LedgerWork(events, new_hold_id=partial(ids.ordered, "hold_"))
        self.model = Model(self.clock.now(), USERS)
        self.make_codes()

    @property
    def unit(self) -> BillingUnit:
        return BillingUnit(self.connection, self.clock)

    def make_codes(self) -> None:
        now = self.clock.now()
        batch = CardBatch(0, "B-1", "tiny", "小套餐", CARD_CREDITS, 8, len(CARDS), "", now + CARD_LIFE, 9, now)
        self.unit.cards.add_batch(batch, CARDS, request_key="9:g-1", input_hash="")
        codes = [InviteCode(0, code, INVITE_CREDITS, 9, now, now + INVITE_LIFE) for code in INVITES]
        self.unit.invites.add_all(codes, INVITES)

    @rule(group=groups_of(reserving))
    def let_tasks_come(self, group: list[Step]) -> None:
        self.perform(group)

    @rule(group=groups_of(granting))
    def let_credits_come(self, group: list[Step]) -> None:
        self.perform(group)

    @rule(group=groups_of(reserving, settling, granting))
    def perform(self, group: list[Step]) -> None:
        hold_ids = {hold.request_id: hold.id for hold in self.unit.holds.find(request_ids=TASKS)}
        let_in = [step for step in group if not self.model.is_at_the_door(step)]
        results = iter(self.run_group([command_of(step, hold_ids) for step in let_in]))
        for step in group:
            outcome = False if self.model.is_at_the_door(step) else outcome_of(next(results))
            is_known = step[0] not in ("capture", "release", "expire") or step[1] in hold_ids
            expected = self.model.expected(step) if is_known else False
            assert outcome == expected, step
        self.check()

    @precondition(lambda life: all(account.wrong_codes < WRONG_CODES for account in life.model.accounts.values()))
    @rule(user=users, kind=st.sampled_from(["redeem", "use"]))
    def guess_wildly(self, user: int, kind: str) -> None:
        self.perform([(kind, "r-guess", user, WRONG_CARD if kind == "redeem" else WRONG_INVITE)] * (WRONG_CODES + 1))

    @rule(user=users, late=st.sampled_from([timedelta(), timedelta(microseconds=-1), timedelta(hours=1)]))
    def come_to_the_end_of_credits(self, user: int, late: timedelta) -> None:
        end = self.model.accounts[user].expire_time
        if end is not None and end + late > self.clock.now():
            self.wait((end + late - self.clock.now()).total_seconds())
            assert self.clock.now() == end + late

    @rule(seconds=st.sampled_from([*JUMPS_S, None]))
    def let_time_pass(self, seconds: float | None) -> None:
        """So long, or until the next leap day."""
        if seconds is not None:
            self.wait(seconds)
            return
        now = self.clock.now()
        leap_days = (datetime(year, 2, 29, 12, tzinfo=UTC) for year in range(now.year, now.year + 9) if isleap(year))
        self.wait((next(day for day in leap_days if day > now) - now).total_seconds())

    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.model.now = self.clock.now()

    @rule(user=users)
    def freeze_or_let_in_again(self, user: int) -> None:
        self.model.frozen = set() if self.model.frozen else {user}

    @rule(code=st.sampled_from(CARDS), state=st.sampled_from([CardState.DISABLED, CardState.DELETED]))
    def withdraw(self, code: str, state: CardState) -> None:
        (card,) = self.unit.cards.lock_codes([code])
        assert (card.state is CardState.USED) == (code in self.model.codes_of_requests.values())
        if card.state is not CardState.USED:
            self.unit.cards.withdraw_all([card.id], state)
            self.model.withdrawn -= {f"deleted {code}", f"disabled {code}"}
            self.model.withdrawn.add(f"{state.value} {code}")

    @rule()
    def do_what_is_due(self) -> None:
        due = self.unit.holds.due(self.clock.now(), limit=100)
        overdue = self.unit.accounts.overdue(self.clock.now(), limit=100)
        self.model.let_expire()
        settled = [self.model.expire_hold(task) for task in self.model.holds]
        results = self.run_group([*map(ExpireCredits, overdue), *map(ExpireHold, due)])
        assert results[len(overdue) :] == [Settlement.SETTLED] * settled.count(Settlement.SETTLED)
        assert self.unit.accounts.overdue(self.clock.now(), limit=1) == []
        self.check()

    def run_group(self, commands: list[Command]) -> list[Result]:
        submissions = [Submission(command, CallContext()) for command in commands]
        return self.work.run(self.unit, submissions, self.clock.now())

    def check(self) -> None:
        """Balances are what the model says, what was posted, and what is in open holds."""
        self.model.let_expire()
        found = self.unit.accounts.balances(USERS)
        posted = dict(
            tuple(row)
            for row in self.connection.execute(
                select(POSTINGS.c.account, func.sum(POSTINGS.c.credits)).group_by(POSTINGS.c.account)
            )
        )
        assert sum(posted.values()) == 0
        for user in USERS:
            kept, account = found.get(user, Balance(user)), self.model.accounts[user]
            assert kept.available == posted.get(spendable_account(user), 0)
            assert kept.held == posted.get(held_account(user), 0) == self.model.held(user)
            shown = kept.as_of(self.clock.now())
            assert (shown.available, shown.expire_time) == (account.available, account.expire_time)

    def teardown(self) -> None:
        try:
            open_credits = select(func.sum(HOLDS.c.credits)).where(HOLDS.c.state == HoldState.OPEN.value)
            assert (self.connection.scalar(open_credits) or 0) == sum(map(self.model.held, USERS))
            assert list(Verification(LedgerAudit(self.connection)).findings()) == []
        finally:
            self.connection.close()


def command_of(step: Step, hold_ids: dict[str, str]) -> Command:
    match step:
        case ("recharge", key, user, credits, days):
            return Recharge(key, operator_user_id=9, user_id=user, credits=credits, description="", validity_days=days)
        case ("adjust", key, user, operation, credits):
            return Adjust(key, 9, user, operation, credits, "")
        case ("redeem", request, user, code):
            return RedeemCard(request, user, code)
        case ("use", request, user, code):
            return UseInvite(request, user, code)
        case ("reserve", task, user, credits):
            return Reservation(task, user, "tts", credits, "", HOLD_LIFE)
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
    if isinstance(result, Hold | Entry | Adjusted | Redemption | InviteUse):
        return True
    return False if isinstance(result, DomainError) else result


def live(url: str, *, seed: str | None, connect_args: dict[str, str]) -> None:
    """So many lives of up to STEPS steps. A failure prints its steps, and the blob that
    `hypothesis.reproduce_failure` repeats it by."""
    upgrade(url, SERVICES / "billing" / "migrations")
    engine = create_engine(url, poolclass=NullPool, connect_args=connect_args)
    run_state_machine_as_test(
        partial(LedgerLife, engine),
        settings=settings(
            max_examples=LIVES,
            stateful_step_count=GROUPS,
            deadline=None,
            derandomize=seed is None,
            print_blob=True,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
    engine.dispose()


@pytest.mark.timeout(600)
def test_random_lives_on_sqlite(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    live(f"sqlite:///{tmp_path / 'billing.db'}", seed=pytestconfig.getoption("--hypothesis-seed"), connect_args={})


@pytest.mark.timeout(600)
def test_random_lives_on_postgresql(postgres_server: PostgresServer, pytestconfig: pytest.Config) -> None:
    with postgres_server.fresh_database() as url:
        live(url, seed=pytestconfig.getoption("--hypothesis-seed"), connect_args={})
