"""`kill -9` of billing under load: what was acknowledged is there, nothing is there twice, the ledger is right."""

from __future__ import annotations

import asyncio
import random
import secrets
import sys
from pathlib import Path

import pytest
from sqlalchemy import make_url

from kit.clock import SystemClock
from kit.db.migrate import upgrade
from kit.rpc.context import CallContext, bind_call, unbind_call
from services.billing.domain.journal import Transaction, spendable_account, user_of
from services.billing.store.audit import LedgerAudit, open_audit
from services.billing.usecases.verification import Verification
from tests.fakes.tokens import FakeTokens
from tests.rpc.billing.conftest import ADMIN, MIGRATIONS, SERVICE_TOKEN, fake_auth, ledgers_of
from tests.rpc.billing.load import Effect, Load
from tests.rpc.billing.process import BillingProcess

pytestmark = pytest.mark.long

# By engine: a kill costs a start, and what dies is the same process on both.
KILLS = {"sqlite": 30, "postgresql": 10}
CALLERS = 24
CONNECTIONS = 4
# From the first answer after a start; long enough for several groups, so that a kill may come anywhere in one.
LATEST_KILL_S = 0.15
ANSWERS_WITHIN_S = 60.0


def engine_of(database_url: str) -> str:
    return make_url(database_url).get_backend_name()


def effect_of(transaction: Transaction) -> Effect:
    draft = transaction.draft
    (user_id,) = {user for posting in draft.postings if (user := user_of(posting.account)) is not None}
    spendable = spendable_account(user_id)
    return Effect(draft.kind, user_id, sum(each.credits for each in draft.postings if each.account == spendable))


def effects(audit: LedgerAudit) -> dict[str, Effect]:
    """What the journal says, by request key; fails when a key is there twice."""
    found: dict[str, Effect] = {}
    for batch in audit.transactions():
        for transaction in batch:
            assert isinstance(transaction, Transaction)
            assert transaction.draft.request_key not in found, "done twice"
            found[transaction.draft.request_key] = effect_of(transaction)
    return found


def recorded(database_url: str) -> dict[str, Effect]:
    """The journal of a ledger in which nothing is wrong."""
    with open_audit(database_url) as audit:
        assert list(Verification(audit).findings()) == []
        return effects(audit)


async def kill_again_and_again(billing: BillingProcess, load: Load, kills: int) -> None:
    rng = random.Random(load.seed)
    for _ in range(kills):
        await billing.start()
        load.has_answered.clear()
        load.is_up.set()
        async with asyncio.timeout(ANSWERS_WITHIN_S):
            await load.has_answered.wait()
        await billing.kill_after(rng.uniform(0, LATEST_KILL_S))
        load.is_up.clear()


async def under_load(billing: BillingProcess, load: Load, database_url: str) -> None:
    """Callers who work while billing dies, and who get every answer in the end."""
    async with asyncio.TaskGroup() as group:
        callers = group.create_task(load.run(CALLERS))
        await kill_again_and_again(billing, load, KILLS[engine_of(database_url)])
        assert load.answered.items() <= (await asyncio.to_thread(recorded, database_url)).items()
        load.is_ending.set()
        await billing.start()
        load.is_up.set()
        async with asyncio.timeout(ANSWERS_WITHIN_S):
            await callers


@pytest.mark.timeout(600)
async def test_kills_lose_nothing_and_double_nothing(database_url: str, tmp_path: Path) -> None:
    seed = secrets.randbits(32)
    sys.stdout.write(f"seed {seed}\n")
    await asyncio.to_thread(upgrade, database_url, MIGRATIONS)
    tokens = FakeTokens(SystemClock())
    async with (
        fake_auth(tokens) as auth,
        BillingProcess(database_url, folder=tmp_path, auth_address=auth, service_token=SERVICE_TOKEN) as billing,
        ledgers_of(billing.address, CONNECTIONS) as ledgers,
    ):
        load = Load(ledgers, seed)
        await billing.start()
        binding = bind_call(CallContext(access_token=tokens.issue(ADMIN, is_admin=True)))
        await load.recharge()
        unbind_call(binding)
        assert await billing.stop() == 0
        await under_load(billing, load, database_url)
        assert await billing.stop() == 0
    assert load.unanswered >= KILLS[engine_of(database_url)], "too few calls were cut off to show anything"
    assert await asyncio.to_thread(recorded, database_url) == load.answered
