"""Invite codes and everybody's credits, for administrators."""

from __future__ import annotations

from typing import Any

from edge.dubbing_api.handlers import admin_credits
from edge.dubbing_api.models.admin_credits import (
    CreditTransactionsIn,
    CreditTransactionsOut,
    InviteListIn,
    InviteOut,
    RechargeIn,
    RechargeOut,
    TransactionsIn,
    TransactionsOut,
)
from edge.endpoint import Access, Dialect, Endpoint, NoInput, RateClass, Source
from voxreel.common.v1 import error_reason_pb2 as reasons

TAG = "配音 · 管理后台"

ENDPOINTS: tuple[Endpoint[Any], ...] = (
    Endpoint(
        method="GET",
        path="/api/admin/invite-codes/generate",
        access=Access.ADMIN,
        input=NoInput,
        handler=admin_credits.generate_invite_code,
        output=InviteOut,
        tag=TAG,
        dialect=Dialect.DUBBING,
        is_keyed=True,
        rate=RateClass.WRITE,
    ),
    Endpoint(
        method="GET",
        path="/api/admin/invite-codes",
        access=Access.ADMIN,
        input=InviteListIn,
        handler=admin_credits.my_invite_codes,
        output=list[InviteOut],
        tag=TAG,
        dialect=Dialect.DUBBING,
    ),
    Endpoint(
        method="GET",
        path="/api/admin/transactions",
        access=Access.ADMIN,
        input=TransactionsIn,
        handler=admin_credits.transactions,
        output=TransactionsOut,
        tag=TAG,
        dialect=Dialect.DUBBING,
    ),
    Endpoint(
        method="POST",
        path="/api/admin/credits/recharge",
        access=Access.ADMIN,
        input=RechargeIn,
        source=Source.BODY,
        handler=admin_credits.recharge,
        output=RechargeOut,
        tag=TAG,
        dialect=Dialect.DUBBING,
        is_keyed=True,
        refusals=(404,),
        words={reasons.ERROR_REASON_USER_NOT_FOUND: "User not found"},
    ),
    Endpoint(
        method="GET",
        path="/api/admin/credits/transactions",
        access=Access.ADMIN,
        input=CreditTransactionsIn,
        handler=admin_credits.credit_transactions,
        output=CreditTransactionsOut,
        tag=TAG,
        dialect=Dialect.DUBBING,
    ),
)
