"""Users as they see themselves."""

from __future__ import annotations

from edge.dubbing_api import render
from edge.dubbing_api.models.users import MeOut
from edge.endpoint import Call, NoInput
from kit.concurrency import both
from voxreel.auth.v1 import user_service_pb2 as users
from voxreel.billing.v1 import ledger_service_pb2 as ledger

_GET_PROFILE = users.GetProfileRequest()
_GET_BALANCE = ledger.GetBalanceRequest()


async def me(_given: NoInput, call: Call) -> MeOut:
    """The caller with their balance; both are asked for at once."""
    clients = call.shared.clients
    found, balance = await both(clients.users.GetProfile(_GET_PROFILE), clients.ledger.GetBalance(_GET_BALANCE))
    return render.me(found.user, balance, call.shared.times)
