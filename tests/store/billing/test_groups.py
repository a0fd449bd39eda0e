"""What shares a transaction does not share its fate, on both engines."""

from __future__ import annotations

import asyncio
from collections import Counter

from sqlalchemy import Connection, text

from kit.errors import InsufficientCredits, Internal, Invalid, NotFound, Precondition
from kit.ids import RandomIds
from kit.observability.metrics import Metrics
from kit.rpc.context import CallContext
from services.billing.domain.commands import Capture, EndTask, Release, Settlement, TaskOutcome
from services.billing.domain.holds import Hold, HoldState
from services.billing.domain.ledger import Entry, Recharge
from services.billing.metrics import LedgerMeasures
from services.billing.store.audit import open_audit
from services.billing.usecases.ledger_work import Submission
from services.billing.usecases.verification import Verification
from tests.store.billing.conftest import USER, Billing, ledger_writer, reservation

POISON = "poison"


def recharge(request_id: str, credits: int, *, user_id: int = USER, description: str = "充值") -> Recharge:
    return Recharge(request_id, operator_user_id=1, user_id=user_id, credits=credits, description=description)


def assert_right(database_url: str) -> None:
    with open_audit(database_url) as audit:
        assert list(Verification(audit).findings()) == []


async def poison(billing: Billing) -> None:
    """From now on the database refuses transactions of that description."""

    def work(connection: Connection) -> None:
        if connection.dialect.name == "sqlite":
            connection.execute(
                text(
                    "CREATE TRIGGER poisoned BEFORE INSERT ON transactions "
                    f"WHEN NEW.description = '{POISON}' BEGIN SELECT RAISE(FAIL, 'poisoned'); END"
                )
            )
        else:
            connection.execute(
                text(f"ALTER TABLE transactions ADD CONSTRAINT poisoned CHECK (description <> '{POISON}')")
            )

    await billing.database.write(work)


async def test_refusals_in_a_group_are_nobody_elses(billing: Billing, database_url: str) -> None:
    await billing.recharge(25)
    known = await billing.holds.reserve(reservation("t-0", 5))
    results = await billing.perform(
        reservation("t-1", 15),
        reservation("t-2", 15),
        Capture("hold_nobody_made"),
        Capture(known.id, 6),
        Release(known.id),
        Capture(known.id),
        reservation("t-2", 10),
        recharge("first", 26),
        EndTask("e-1", "t-1", USER, TaskOutcome.SUCCEEDED),
    )
    assert [type(result) for result in results] == [
        Hold,
        InsufficientCredits,
        NotFound,
        Invalid,
        Hold,
        Precondition,
        Hold,
        Invalid,
        Settlement,
    ]
    balance = await billing.balance()
    assert (balance.available, balance.held) == (0, 10)
    assert_right(database_url)


async def test_commands_of_a_group_see_those_before_them(billing: Billing, database_url: str) -> None:
    first, again, made, repeated, changed = await billing.perform(
        recharge("r-1", 10),
        recharge("r-1", 10),
        reservation("t-1", 10),
        reservation("t-1", 10),
        reservation("t-1", 9),
    )
    assert isinstance(first, Entry)
    assert first == again
    assert isinstance(made, Hold)
    assert made == repeated
    assert isinstance(changed, Invalid)
    bury, late, twice = await billing.perform(
        EndTask("e-1", "t-2", USER, TaskOutcome.NOT_DONE),
        reservation("t-2", 0),
        EndTask("e-1", "t-2", USER, TaskOutcome.NOT_DONE),
    )
    assert (bury, type(late), twice) == (Settlement.BURIED, Precondition, Settlement.REPEATED)
    assert_right(database_url)


async def test_a_command_the_database_refuses_fails_alone(billing: Billing, database_url: str) -> None:
    await poison(billing)
    results = await billing.perform(
        recharge("r-1", 10),
        recharge("r-2", 10, description=POISON),
        recharge("r-3", 10),
        reservation("t-1", 20),
    )
    # A constraint looks like a rival who was faster, so it is tried again; a rival is never faster forever.
    assert [type(result) for result in results] == [Entry, Internal, Entry, Hold]
    balance = await billing.balance()
    assert (balance.available, balance.held) == (0, 20)
    assert_right(database_url)


async def test_groups_are_counted_with_their_commands_and_what_went_wrong(billing: Billing) -> None:
    await poison(billing)
    metrics = Metrics("billing")
    measures = LedgerMeasures.of(metrics)
    async with ledger_writer(billing.units, billing.clock, billing.ids, measures=measures) as writer:
        for descriptions in (["充值"], ["充值", "充值"], ["充值", POISON, "充值"]):
            commands = [recharge(billing.ids.random(), 10, description=each) for each in descriptions]
            await writer.perform([Submission(command, CallContext()) for command in commands])
    lines = set(metrics.render().decode().splitlines())
    assert lines >= {
        'voxreel_ledger_groups_total{app="billing",outcome="alone"} 2.0',
        'voxreel_ledger_groups_total{app="billing",outcome="together"} 1.0',
        'voxreel_ledger_commands_total{app="billing"} 6.0',
        'voxreel_ledger_failed_commands_total{app="billing"} 1.0',
        'voxreel_ledger_group_seconds_count{app="billing"} 3.0',
    }


async def test_replicas_at_once_keep_one_journal(billing: Billing, database_url: str) -> None:
    """Several writers, as several replicas have them; on SQLite they share one lane."""
    users = (1, 2, 3)
    writers = [ledger_writer(billing.units, billing.clock, RandomIds()) for _ in range(4)]
    for user in users:
        await billing.recharge(1000, user_id=user, request_id=f"first-{user}")
    billings = [
        Billing(billing.database, billing.clock, billing.units, writer, billing.holds, billing.adjustments, billing.ids)
        for writer in writers
    ]
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(
                billings[number % 4].perform(
                    reservation(f"t-{number}", 100, user_id=users[number % 3]),
                    # Every replica is asked for these, and new accounts are made by all of them at once.
                    reservation(f"shared-{number // 4}", 10, user_id=users[number // 4 % 3]),
                    recharge(f"r-{number // 4}", 7, user_id=100 + number // 4),
                    EndTask(f"e-{number // 4}", f"buried-{number // 4}", 200 + number // 4, TaskOutcome.NOT_DONE),
                )
            )
            for number in range(60)
        ]
    own, shared, recharged, buried = zip(*(task.result() for task in tasks), strict=True)
    made = Counter(hold.user_id for hold in {hold.id: hold for hold in own if isinstance(hold, Hold)}.values())
    for user in users:
        balance = await billing.balance(user)
        small = {hold.id for hold in shared if isinstance(hold, Hold) and hold.user_id == user}
        assert balance.held == 100 * made[user] + 10 * len(small)
        assert balance.available == 1000 - balance.held
    assert len({entry.id for entry in recharged if isinstance(entry, Entry)}) == 15
    assert Counter(buried)[Settlement.BURIED] == 15
    assert_right(database_url)


async def test_rival_replicas_settle_a_hold_once(billing: Billing, database_url: str) -> None:
    await billing.recharge(1000)
    rival = ledger_writer(billing.units, billing.clock, RandomIds())
    other = Billing(
        billing.database, billing.clock, billing.units, rival, billing.holds, billing.adjustments, billing.ids
    )
    holds = [await billing.holds.reserve(reservation(f"t-{number}", 10)) for number in range(30)]
    attempts = [(each, make(hold.id)) for hold in holds for each, make in ((billing, Capture), (other, Release))]
    outcomes = await asyncio.gather(*(each.perform(command) for each, command in attempts))
    results = [result for (result,) in outcomes]
    assert Counter(map(type, results)) == {Hold: 30, Precondition: 30}
    captured = sum(isinstance(result, Hold) and result.state is HoldState.CAPTURED for result in results)
    balance = await billing.balance()
    assert (balance.available, balance.held) == (1000 - 10 * captured, 0)
    assert_right(database_url)
