"""Where billing is put together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from kit.app import App
from kit.clock import Clock, SystemClock
from kit.db.uow import Units
from kit.events.bus import Bus
from kit.events.envelope import EventSource
from kit.events.housekeeping import InboxPruner
from kit.identity.supply import supply_verifier
from kit.ids import IdSource, RandomIds
from kit.rpc.client import Peer
from kit.rpc.server import RpcServer
from kit.rpc.tokens import TokenVerifier
from kit.wiring import consume, make_rpc_server, open_bus, open_database, open_peer, relay_events
from services.billing.config import BillingConfig
from services.billing.events import BillingEvents
from services.billing.metrics import LedgerMeasures
from services.billing.rpc.auth_peer import AuthPeer
from services.billing.rpc.balance_servicer import BalanceServicer
from services.billing.rpc.card_servicer import CardServicer
from services.billing.rpc.invite_servicer import InviteServicer
from services.billing.rpc.ledger_servicer import LedgerServicer
from services.billing.rpc.package_servicer import PackageServicer
from services.billing.rpc.pricing_servicer import PricingServicer
from services.billing.rpc.statistics_servicer import StatisticsServicer
from services.billing.store.balance_pages import BalancePages
from services.billing.store.card_pages import CardPages
from services.billing.store.entry_pages import EntryPages
from services.billing.store.invite_pages import InvitePages
from services.billing.store.statistics import StatisticsTables
from services.billing.store.tables import EVENT_TABLES
from services.billing.store.uow import BillingUnit
from services.billing.usecases.adjustments import Adjustments
from services.billing.usecases.balance_search import BalanceSearch
from services.billing.usecases.cards import CardDesk
from services.billing.usecases.invites import InviteDesk
from services.billing.usecases.ledger_work import LedgerWork
from services.billing.usecases.ledger_writer import LedgerWriter
from services.billing.usecases.packages import Packages
from services.billing.usecases.prices import Prices
from services.billing.usecases.reads import LedgerReader
from services.billing.usecases.statistics import Statistics
from services.billing.workers import settlement
from services.billing.workers.expire_credits import CreditExpiry
from services.billing.workers.expire_holds import HoldExpiry
from services.billing.workers.roll_up import RollUp
from services.billing.workers.sweep_guesses import GuessSweeper
from voxreel.billing.v1 import (
    balance_service_pb2_grpc,
    card_service_pb2_grpc,
    invite_service_pb2_grpc,
    ledger_service_pb2_grpc,
    package_service_pb2_grpc,
    pricing_service_pb2_grpc,
    statistics_service_pb2_grpc,
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What billing runs in."""

    bus: Bus
    clock: Clock
    ids: IdSource


async def build(app: App[BillingConfig]) -> None:
    """Makes the service of its parts."""
    bus = await open_bus(app)
    await assemble(app, Surroundings(bus, SystemClock(), RandomIds()))


async def assemble(app: App[BillingConfig], surroundings: Surroundings) -> None:
    """The same on a given broker, clock and source of ids."""
    clock, ids = surroundings.clock, surroundings.ids
    database = await open_database(app)
    units = Units(database, lambda connection: BillingUnit(connection, clock))
    events = BillingEvents(EventSource(app.name, ids, clock))
    work = LedgerWork(events, new_hold_id=partial(ids.ordered, "hold_"))
    writer = await app.enter(LedgerWriter(units, work, clock, measures=LedgerMeasures.of(app.metrics)))
    auth = await open_peer(app, app.config.peers.auth)
    reader = LedgerReader(units, EntryPages(database), clock)
    server = _server(app, auth, clock)
    ledger = LedgerServicer(reader, writer, Adjustments(writer, AuthPeer(auth)))
    server.add(ledger_service_pb2_grpc.add_LedgerServiceServicer_to_server, ledger, sets=ledger.sets())
    cards = CardServicer(CardDesk(units, CardPages(database), events, clock), writer)
    server.add(card_service_pb2_grpc.add_CardServiceServicer_to_server, cards, sets=cards.sets())
    invites = InviteServicer(
        InviteDesk(units, InvitePages(database), events=events, clock=clock, credits=app.config.invite_credits), writer
    )
    server.add(invite_service_pb2_grpc.add_InviteServiceServicer_to_server, invites, sets=invites.sets())
    search = BalanceServicer(BalanceSearch(BalancePages(database)))
    server.add(balance_service_pb2_grpc.add_BalanceServiceServicer_to_server, search)
    prices = PricingServicer(Prices(units, events, clock))
    server.add(pricing_service_pb2_grpc.add_PricingServiceServicer_to_server, prices)
    packages = PackageServicer(Packages(units, events, clock))
    server.add(package_service_pb2_grpc.add_PackageServiceServicer_to_server, packages)
    sums = StatisticsServicer(Statistics(StatisticsTables(database), units))
    server.add(statistics_service_pb2_grpc.add_StatisticsServiceServicer_to_server, sums, sets=sums.sets())
    relay_events(app, database, EVENT_TABLES, bus=surroundings.bus, clock=clock)
    if app.runs_workers:
        handler = settlement.SettlementHandler(writer)
        subjects = settlement.SUBJECTS
        consume(app, surroundings.bus, settlement.DURABLE, handler=handler, subjects=subjects, clock=clock)
        app.background("hold expiry", HoldExpiry(units, writer, clock).run)
        app.background("credit expiry", CreditExpiry(units, writer, clock).run)
        app.background("guess sweeping", GuessSweeper(units, clock).run)
        app.background("roll-up", RollUp(units).run)
        app.background("inbox pruning", InboxPruner(database, EVENT_TABLES.inbox, clock).run)
    app.serve_rpc(server)


def _server(app: App[BillingConfig], auth: Peer, clock: Clock) -> RpcServer:
    verifier = TokenVerifier(clock)
    supply_verifier(app, verifier, auth=auth, clock=clock)
    return make_rpc_server(app, verifier)
