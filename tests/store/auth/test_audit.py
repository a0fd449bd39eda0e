"""Deeds of administrators from events, on both engines."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.message import DecodeError, Message
from sqlalchemy import delete, update
from sqlalchemy.exc import DatabaseError

from kit.errors import Forbidden, Invalid
from kit.events.envelope import EventSource
from kit.ids import RandomIds
from kit.rpc.context import CallContext, bind_call, unbind_call
from services.auth.domain.audit import AuditFilter, AuditRecord, Facts
from services.auth.domain.paging import Page
from services.auth.domain.users import AccessTokenClaims, UserChange, UserStatus
from services.auth.store.tables import AUDIT_RECORDS
from tests.store.auth.conftest import Auth
from voxreel.auth.v1 import events_pb2 as auth_events
from voxreel.billing.v1 import events_pb2 as billing_events
from voxreel.billing.v1.package_service_pb2 import PackageFeatures, PackageTerms
from voxreel.common.v1.event_pb2 import EventEnvelope
from voxreel.files.v1 import events_pb2 as file_events
from voxreel.speech.v1 import events_pb2 as speech_events

NEW_PASSWORD = "a-new-password"


def envelope_of(auth: Auth, payload: Message) -> EventEnvelope:
    """The event as it comes from the broker, of a request."""
    binding = bind_call(CallContext(request_id="request-1"))
    try:
        source = EventSource("test", RandomIds(), auth.clock)
        return EventEnvelope.FromString(source.event("evt.test.thing.done", payload).body)
    finally:
        unbind_call(binding)


async def tell(auth: Auth, *payloads: Message) -> None:
    for payload in payloads:
        await auth.projections([envelope_of(auth, payload)])


async def records(auth: Auth, root: AccessTokenClaims, **wanted: Any) -> list[AuditRecord]:
    """Oldest first."""
    found, total = await auth.audit.page(root, AuditFilter(**wanted), Page(100))
    assert total == len(found)
    return found[::-1]


async def test_what_administrators_do_to_users_is_written_with_before_and_after(auth: Auth) -> None:
    root, alice = await auth.add_admin("root"), await auth.add_user("alice")
    for change in (
        UserChange(status=UserStatus.FROZEN),
        UserChange(status=UserStatus.FROZEN),
        UserChange(status=UserStatus.ACTIVE, is_admin=True),
    ):
        await auth.admin.update(root, alice.user_id, change)
        auth.clock.advance(1)
    await auth.admin.reset_password(root, alice.user_id, NEW_PASSWORD)
    auth.clock.advance(1)
    await auth.admin.delete(root, alice.user_id)
    for envelope in await auth.events():
        await auth.projections([envelope])
    kept: dict[str, tuple[Facts, Facts]] = {}
    for record in await records(auth, root):
        assert (record.operator_user_id, record.operator_account) == (root.user_id, "root")
        assert (record.target_user_id, record.target_account) == (alice.user_id, "alice")
        kept[record.action] = (record.before, record.after)
    assert kept == {
        "user_freeze": ({"status": "active"}, {"status": "frozen"}),
        "user_unfreeze": ({"status": "frozen"}, {"status": "active"}),
        "user_role_change": ({"is_admin": False}, {"is_admin": True}),
        "password_reset": ({}, {}),
        "user_delete": ({"account": "alice", "is_admin": True, "status": "active"}, {}),
    }


async def test_what_they_do_elsewhere_is_written_too(auth: Auth) -> None:
    root, alice = await auth.add_admin("root"), await auth.add_user("alice")
    by_root = {"operator_user_id": root.user_id}
    cheap = PackageTerms(credits=600, price_fen=600, features=PackageFeatures(names=["一", "二"]), is_popular=False)
    dear = PackageTerms(credits=600, price_fen=900, discount_hundredths=0)
    await tell(
        auth,
        billing_events.CreditsAdjusted(
            user_id=alice.user_id, credits=-30, balance_after=70, description="更正", **by_root
        ),
        billing_events.FeaturePriceChanged(feature_key="tts", former_credits=10, credits=0, **by_root),
        billing_events.PackageChanged(package_key="p6", former_terms=cheap, terms=dear, **by_root),
        billing_events.CardsDisabled(batch_number="B1", disabled_cards=4, **by_root),
        speech_events.VoiceDeleted(voice_id="voice_1", user_id=alice.user_id, prefix="a", **by_root),
        file_events.FileDeleted(file_id="f_1", user_id=alice.user_id, original_name="曲.mp3", **by_root),
    )
    found = [
        (each.action, each.target, each.target_user_id, each.before, each.after) for each in await records(auth, root)
    ]
    assert found == [
        ("credits_adjust", "", alice.user_id, {"balance": 100}, {"balance": 70, "credits": -30, "description": "更正"}),
        ("price_change", "tts", None, {"credits": 10}, {"credits": 0}),
        (
            "package_update",
            "p6",
            None,
            {"credits": 600, "price_fen": 600, "is_popular": False, "features": ["一", "二"]},
            {"credits": 600, "price_fen": 900, "discount_hundredths": 0, "features": []},
        ),
        ("cards_disable", "B1", None, {"status": "unused"}, {"status": "disabled", "disabled_cards": 4}),
        (
            "voice_delete",
            "voice_1",
            alice.user_id,
            {"prefix": "a", "sample_file_id": "", "target_model": "", "is_public": False},
            {},
        ),
        (
            "file_delete",
            "f_1",
            alice.user_id,
            {"file_type": "", "original_name": "曲.mp3", "size_bytes": 0},
            {},
        ),
    ]


async def test_each_event_is_written_once_and_with_its_request(auth: Auth) -> None:
    root = await auth.add_admin("root")
    envelope = envelope_of(auth, billing_events.InviteCodesGenerated(operator_user_id=root.user_id, quantity=3))
    await asyncio.gather(*(auth.projections([envelope]) for _ in range(4)))
    (record,) = await records(auth, root)
    assert (record.request_id, record.create_time) == ("request-1", auth.clock.now())


async def test_what_users_do_themselves_is_not_audited(auth: Auth) -> None:
    root, alice = await auth.add_admin("root"), await auth.add_user("alice")
    await tell(
        auth,
        auth_events.UserLoggedIn(user_id=alice.user_id, account="alice"),
        auth_events.UserPasswordChanged(user_id=alice.user_id, account="alice"),
        file_events.FileDeleted(file_id="f", user_id=alice.user_id, operator_user_id=alice.user_id),
    )
    assert await records(auth, root) == []
    envelope = envelope_of(auth, auth_events.UserFrozen())
    envelope.payload = b"\xff\xff"
    with pytest.raises(DecodeError):
        await auth.projections([envelope])


async def test_records_are_filtered_and_paged_for_administrators(auth: Auth) -> None:
    root, alice = await auth.add_admin("root"), await auth.add_user("alice")
    start = auth.clock.now()
    for number in range(6):
        auth.clock.advance(60)
        frozen = auth_events.UserFrozen(user_id=number, account=f"user{number}", operator_user_id=number % 2)
        reset = auth_events.UserPasswordReset(user_id=number, account=f"user{number}", operator_user_id=number % 2)
        await tell(auth, reset if number == 5 else frozen)

    async def targets(**wanted: Any) -> list[str]:
        return [each.target_account for each in await records(auth, root, **wanted)]

    assert await targets(operator_user_id=1) == ["user1", "user3", "user5"]
    assert await targets(target_user_id=2) == ["user2"]
    assert await targets(action="password_reset") == ["user5"]
    times = {"since": start + timedelta(seconds=120), "until": start + timedelta(seconds=240)}
    assert await targets(**times) == ["user1", "user2"]
    assert await targets(**times, operator_user_id=0) == ["user2"]
    page, total = await auth.audit.page(root, AuditFilter(), Page(4, 4))
    assert ([each.target_account for each in page], total) == (["user1", "user0"], 6)
    assert await auth.audit.page(root, AuditFilter(), Page(4, 8)) == ([], 6)
    with pytest.raises(Forbidden, match="ADMIN_REQUIRED"):
        await auth.audit.page(alice, AuditFilter(), Page())
    with pytest.raises(Invalid, match="FIELD_INVALID"):
        await auth.audit.page(root, AuditFilter(), Page(101))


async def test_nobody_changes_or_deletes_a_record(auth: Auth) -> None:
    root = await auth.add_admin("root")
    await tell(auth, auth_events.UserFrozen(user_id=1, account="root", operator_user_id=root.user_id))
    before = await records(auth, root)
    for statement in (update(AUDIT_RECORDS).values(operator_user_id=7), delete(AUDIT_RECORDS)):
        with pytest.raises(DatabaseError, match="append-only"):
            await auth.database.write(lambda connection, asked=statement: connection.execute(asked) and None)
    assert await records(auth, root) == before
