"""Where auth is put together."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from kit.app import App
from kit.clock import Clock, SystemClock
from kit.db.database import Database
from kit.db.uow import Units
from kit.events.bus import Bus
from kit.events.envelope import EventSource
from kit.events.housekeeping import InboxPruner
from kit.ids import IdSource, RandomIds
from kit.loops import Phase
from kit.net.fetcher import Fetcher
from kit.observability.health import Severity
from kit.rpc.server import RpcServer
from kit.rpc.tokens import TokenVerifier
from kit.wiring import consume, make_rpc_server, open_bus, open_database, relay_events
from services.auth.config import AuthConfig
from services.auth.crypto.keys import KeyRing, key_ring, read_or_create_key
from services.auth.crypto.passwords import Argon2Hasher
from services.auth.crypto.phone_codes import KeyedCodes
from services.auth.crypto.tokens import JwtIssuer
from services.auth.domain.webhooks import AddressRules
from services.auth.events import AuthEvents
from services.auth.metrics import WebhookMeasures
from services.auth.rpc.account_servicer import AccountServicer
from services.auth.rpc.activity_servicer import ActivityServicer
from services.auth.rpc.audit_servicer import AuditServicer
from services.auth.rpc.key_servicer import KeyServicer
from services.auth.rpc.phone_servicer import PhoneServicer
from services.auth.rpc.user_admin_servicer import UserAdminServicer
from services.auth.rpc.user_servicer import UserServicer
from services.auth.rpc.webhook_servicer import WebhookServicer
from services.auth.sms.acs3 import AccessKey
from services.auth.sms.aliyun import AliyunAccount, AliyunSms
from services.auth.sms.outbox_file import OutboxFile
from services.auth.store.activity_pages import ActivityPages
from services.auth.store.audit_records import AuditPages
from services.auth.store.tables import EVENT_TABLES
from services.auth.store.uow import AuthUnit
from services.auth.store.user_pages import UserPages
from services.auth.usecases.activities import ActivityReader
from services.auth.usecases.audit import AuditReader
from services.auth.usecases.first_admin import FirstAdmin
from services.auth.usecases.login_guard import LoginGuard
from services.auth.usecases.materials import MaterialKeeper
from services.auth.usecases.passwords import PasswordChange
from services.auth.usecases.phone_guard import PhoneGuard
from services.auth.usecases.phone_login import CodeSending, PhoneLogins
from services.auth.usecases.ports import CodeSender
from services.auth.usecases.recent_revocations import RecentRevocations
from services.auth.usecases.registration import Registration
from services.auth.usecases.sessions import Sessions
from services.auth.usecases.user_admin import UserAdmin
from services.auth.usecases.user_lists import UserLists
from services.auth.usecases.users import UserReader
from services.auth.usecases.webhooks import WebhookKeeper
from services.auth.workers import activity_types, audit_sources, projections
from services.auth.workers.activity_projection import ActivityProjection
from services.auth.workers.audit_projection import AuditProjection
from services.auth.workers.projections import Projections
from services.auth.workers.sweepers import (
    Sweeper,
    forget_activities,
    forget_counts,
    forget_deliveries,
    forget_known_addresses,
    forget_phone_codes,
    forget_revocations,
    forget_sessions,
)
from services.auth.workers.webhook_projection import WebhookProjection
from services.auth.workers.webhook_sender import WebhookSender
from voxreel.auth.v1 import (
    account_service_pb2_grpc,
    activity_service_pb2_grpc,
    audit_service_pb2_grpc,
    phone_service_pb2_grpc,
    user_admin_service_pb2_grpc,
    user_service_pb2_grpc,
    webhook_service_pb2_grpc,
)
from voxreel.common.v1 import key_service_pb2_grpc


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What auth runs in."""

    bus: Bus
    clock: Clock
    ids: IdSource


async def build(app: App[AuthConfig]) -> None:
    """Makes the service of its parts."""
    bus = await open_bus(app)
    await assemble(app, Surroundings(bus, SystemClock(), RandomIds()))


async def assemble(app: App[AuthConfig], surroundings: Surroundings) -> None:
    """The same on a given broker, clock and source of ids."""
    clock, ids = surroundings.clock, surroundings.ids
    database = await open_database(app)
    units = Units(database, AuthUnit)
    events = AuthEvents(EventSource(app.name, ids, clock))
    hasher = await app.open(Argon2Hasher.open(queue_limit=app.config.hash_queue))
    keys = await asyncio.to_thread(_key_ring, app.config)
    registration = Registration(units, hasher, events=events, clock=clock, ids=ids)
    _make_first_admin(app, registration)
    server = _server(app, keys, clock)
    guard = LoginGuard(app.config.login.limits(), clock)
    sessions = Sessions(units, hasher, issuer=JwtIssuer(keys, ids), guard=guard, events=events, clock=clock)
    accounts = AccountServicer(registration, sessions)
    server.add(account_service_pb2_grpc.add_AccountServiceServicer_to_server, accounts)
    revocations = RecentRevocations(units)
    server.add(key_service_pb2_grpc.add_KeyServiceServicer_to_server, KeyServicer(keys.public_keys, revocations))
    phones = await _phone_servicer(app, keys, units, surroundings=surroundings)
    server.add(phone_service_pb2_grpc.add_PhoneServiceServicer_to_server, phones)
    passwords = PasswordChange(units, hasher, events=events, clock=clock)
    materials = MaterialKeeper(units, events=events, clock=clock)
    users = UserServicer(UserReader(units), passwords, materials)
    server.add(user_service_pb2_grpc.add_UserServiceServicer_to_server, users, sets={"GetProfile": users.get_profiles})
    admin = UserAdmin(units, hasher, events=events, clock=clock)
    administered = UserAdminServicer(admin, UserLists(units, UserPages(database)))
    server.add(user_admin_service_pb2_grpc.add_UserAdminServiceServicer_to_server, administered)
    audit = AuditServicer(AuditReader(units, AuditPages(database)), audit_sources.LABELS)
    server.add(audit_service_pb2_grpc.add_AuditServiceServicer_to_server, audit)
    activities = ActivityServicer(ActivityReader(units, ActivityPages(database)), activity_types.ALL)
    server.add(activity_service_pb2_grpc.add_ActivityServiceServicer_to_server, activities)
    rules = AddressRules(app.config.webhooks.is_local_allowed)
    webhooks = WebhookServicer(WebhookKeeper(units, rules, events=events, clock=clock, ids=ids))
    server.add(webhook_service_pb2_grpc.add_WebhookServiceServicer_to_server, webhooks)
    relay_events(app, database, EVENT_TABLES, bus=surroundings.bus, clock=clock)
    if app.runs_workers:
        _start_workers(app, units, database, surroundings)
        measures = WebhookMeasures.of(app.metrics)
        if app.config.webhooks.is_sending:
            fetcher = Fetcher(is_allowed=rules.allows_address, has_allowed_port=rules.allows_port)
            sender = WebhookSender(units, await app.enter(fetcher), events=events, clock=clock, measures=measures)
            app.background("webhooks", sender.run)
    app.serve_rpc(server)


def _make_first_admin(app: App[AuthConfig], registration: Registration) -> None:
    given = app.config.first_admin
    first_admin = FirstAdmin(registration, given.account, given.password.get_secret_value())
    app.background("first administrator", first_admin.run, phase=Phase.SUPPORT)
    app.add_check("first administrator", first_admin.check, severity=Severity.AT_START)


async def _phone_servicer(
    app: App[AuthConfig], keys: KeyRing, units: Units[AuthUnit], *, surroundings: Surroundings
) -> PhoneServicer:
    clock, ids = surroundings.clock, surroundings.ids
    codes = KeyedCodes.of_signing_key(keys.signing_key)
    guard = PhoneGuard(app.config.sms.limits(), clock)
    sending = CodeSending(units, codes, sender=await _code_sender(app, clock, ids), guard=guard, clock=clock)
    issuer, events = JwtIssuer(keys, ids), AuthEvents(EventSource(app.name, ids, clock))
    logins = PhoneLogins(units, codes, issuer=issuer, guard=guard, events=events, clock=clock, ids=ids)
    return PhoneServicer(sending, logins)


async def _code_sender(app: App[AuthConfig], clock: Clock, ids: IdSource) -> CodeSender:
    config = app.config.sms
    if config.provider == "outbox":
        return OutboxFile(app.config.data_dir / "outbox" / "sms.jsonl", clock)
    account = AliyunAccount(
        AccessKey(config.access_key_id, config.access_key_secret.get_secret_value()),
        sign_name=config.sign_name,
        template_code=config.template_code,
        template_variable=config.template_variable,
        endpoint=config.endpoint,
    )
    return await app.enter(AliyunSms(account, clock=clock, ids=ids))


def _start_workers(
    app: App[AuthConfig], units: Units[AuthUnit], database: Database, surroundings: Surroundings
) -> None:
    bus, clock = surroundings.bus, surroundings.clock
    kept = timedelta(days=app.config.activity_days)
    chores = (
        forget_sessions,
        forget_revocations,
        forget_counts,
        forget_phone_codes,
        forget_known_addresses,
        forget_deliveries,
        forget_activities(kept),
    )
    app.background("sweeping", Sweeper(units, clock, chores).run)
    handler = Projections(units, clock, (ActivityProjection(), AuditProjection(), WebhookProjection()))
    consume(app, bus, projections.DURABLE, handler=handler, subjects=projections.SUBJECTS, clock=clock)
    app.background("inbox pruning", InboxPruner(database, EVENT_TABLES.inbox, clock).run)


def _key_ring(config: AuthConfig) -> KeyRing:
    signing_key = config.signing_key.get_secret_value()
    if not signing_key:
        signing_key = read_or_create_key(config.data_dir / "auth" / "signing_key.pem")
    return key_ring(signing_key, config.previous_keys)


def _server(app: App[AuthConfig], keys: KeyRing, clock: Clock) -> RpcServer:
    # Revoked tokens are refused by the use cases, which read the user anyway.
    verifier = TokenVerifier(clock)
    verifier.set_keys({key.key_id: key.pem for key in keys.public_keys})
    return make_rpc_server(app, verifier)
