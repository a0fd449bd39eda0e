"""Invite codes and everybody's credits, by administrators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edge.aggregates.accounts import users_meant, users_of
from edge.dubbing_api import render_billing
from edge.dubbing_api.models.admin_credits import (
    DEFAULT_DESCRIPTION,
    DEFAULT_VALIDITY_DAYS,
    CreditTransactionsIn,
    CreditTransactionsOut,
    InviteListIn,
    InviteOut,
    RechargeIn,
    RechargeOut,
    TransactionsIn,
    TransactionsOut,
)
from edge.dubbing_api.models.paging import PageIn
from edge.endpoint import Call, NoInput
from edge.entry_types import entry_type
from voxreel.auth.v1 import user_pb2
from voxreel.billing.v1 import invite_service_pb2 as invites
from voxreel.billing.v1 import ledger_service_pb2 as ledger


async def generate_invite_code(_given: NoInput, call: Call) -> InviteOut:
    """Makes one invite code."""
    response = await call.shared.clients.invites.GenerateInviteCodes(
        invites.GenerateInviteCodesRequest(request_id=call.request_key, quantity=1)
    )
    (made,) = response.invite_codes
    return render_billing.invite(made, call.shared.times)


async def my_invite_codes(given: InviteListIn, call: Call) -> list[InviteOut]:
    """Invite codes that the caller has made, newest first."""
    wanted = invites.InviteCodeFilter(operator_user_id=call.user.user_id)
    response = await call.shared.clients.invites.ListInviteCodes(
        invites.ListInviteCodesRequest(filter=wanted, page_size=given.limit, skip=given.skip)
    )
    return [render_billing.invite(found, call.shared.times) for found in response.invite_codes]


async def recharge(given: RechargeIn, call: Call) -> RechargeOut:
    """Gives credits to a user, and time to all credits of the user."""
    response = await call.shared.clients.ledger.RechargeCredits(
        ledger.RechargeCreditsRequest(
            request_id=call.request_key,
            user_id=given.user_id,
            credits=given.amount,
            description=given.description or DEFAULT_DESCRIPTION,
            validity_days=given.validity_days or DEFAULT_VALIDITY_DAYS,
        )
    )
    return render_billing.recharge(response.entry, call.shared.times)


async def transactions(given: TransactionsIn, call: Call) -> TransactionsOut:
    """What moved anybody's credits. Only auth knows phone numbers, so it says first whose entries are meant."""
    shared, keyword = call.shared, given.keyword.strip()
    owners = ledger.EntryOwners(user_ids=await users_meant(keyword, shared.clients)) if keyword else None
    wanted = ledger.EntryFilter(
        owners=owners,
        type=entry_type(given.transaction_type),
        create_time_from=None if given.start_date is None else shared.times.start_of(given.start_date),
        create_time_before=None if given.end_date is None else shared.times.end_of(given.end_date),
    )
    found = await _search(wanted, given, call=call)
    return {
        "items": [render_billing.transaction(entry, found.users, shared.times) for entry in found.entries],
        **given.facts(found.total),
    }


async def credit_transactions(given: CreditTransactionsIn, call: Call) -> CreditTransactionsOut:
    """The same of one user or of all, as the ledger names it."""
    times = call.shared.times
    found = await _search(ledger.EntryFilter(user_id=given.user_id), given, call=call)
    return {
        "items": [render_billing.credit_transaction(entry, found.users, times) for entry in found.entries],
        **given.facts(found.total),
    }


@dataclass(frozen=True, slots=True)
class _Found:
    """A page of entries with their users, and how many entries there are in all."""

    entries: Sequence[ledger.Entry]
    users: Mapping[int, user_pb2.User]
    total: int


async def _search(wanted: ledger.EntryFilter, page: PageIn, *, call: Call) -> _Found:
    clients = call.shared.clients
    response = await clients.ledger.SearchEntries(
        ledger.SearchEntriesRequest(filter=wanted, page_size=page.size, skip=page.skip)
    )
    users = await users_of((entry.user_id for entry in response.entries), clients)
    return _Found(response.entries, users, response.total_size)
