"""A user's own credits: what invite codes bring, what is left, and what moved them."""

from __future__ import annotations

from edge.aggregates.entry_totals import EntryTotals
from edge.dubbing_api import render, render_billing
from edge.dubbing_api.models.credits import BalanceOut, InviteUsedOut, MyTransactionsOut, UseInviteIn
from edge.dubbing_api.models.paging import PageIn
from edge.endpoint import Call, NoInput
from kit.concurrency import both
from voxreel.billing.v1 import invite_service_pb2 as invites
from voxreel.billing.v1 import ledger_service_pb2 as ledger
from voxreel.billing.v1 import statistics_service_pb2 as statistics

_GET_BALANCE = ledger.GetBalanceRequest()
_GET_TOTALS = statistics.GetEntryTotalsRequest()


async def use_invite_code(given: UseInviteIn, call: Call) -> InviteUsedOut:
    """Gives the caller the credits of an invite code."""
    used = await call.shared.clients.invites.UseInviteCode(
        invites.UseInviteCodeRequest(request_id=call.request_key, code=given.invite_code)
    )
    return {
        "credits_added": used.entry.credits,
        "new_balance": used.entry.balance_after,
        "expires_at": call.shared.times.stamp(used.credits_expire_time),
    }


async def balance(_given: NoInput, call: Call) -> BalanceOut:
    """What the caller can spend, and all they ever gained and spent."""
    clients = call.shared.clients
    found, summed = await both(clients.ledger.GetBalance(_GET_BALANCE), clients.statistics.GetEntryTotals(_GET_TOTALS))
    totals = EntryTotals(summed.totals)
    return {
        "balance": found.available_credits,
        "total_earned": totals.earned,
        "total_spent": totals.spent,
        "expires_at": render.credits_expire_at(found, call.shared.times),
    }


async def my_transactions(given: PageIn, call: Call) -> MyTransactionsOut:
    """What moved the caller's credits, newest first."""
    response = await call.shared.clients.ledger.ListEntries(
        ledger.ListEntriesRequest(page_size=given.size, skip=given.skip)
    )
    times = call.shared.times
    return {
        "items": [render_billing.my_transaction(entry, times) for entry in response.entries],
        **given.facts(response.total_size),
    }
