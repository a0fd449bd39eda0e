"""The audit through the whole edge."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.edge.platform import Platform
from voxreel.auth.v1 import audit_service_pb2 as pb

AUDIT = "/api/system/audit"


def done(platform: Platform, number: int, **facts: Any) -> None:
    """A deed of the administrator to the user, at noon in UTC of that day of March."""
    given = {"operator_user_id": platform.admin.id, "target_user_id": platform.user.id, "action": "user_freeze"}
    record = pb.AuditRecord(
        id=number,
        request_id=f"request-{number}",
        operator_account="admin",
        target_account="testuser",
        action_label="冻结用户",
        **given | facts,
    )
    record.create_time.FromDatetime(datetime(2026, 3, number, 12, tzinfo=UTC))
    record.before.update({"status": "active", "features": ["一", "二"], "is_popular": True})
    record.after.update({"status": "frozen", "credits": -5})
    platform.audit.records.append(record)


async def read(platform: Platform, **query: str) -> dict[str, Any]:
    async with platform.client.get(AUDIT, params=query, headers=platform.bearer(platform.admin)) as response:
        assert response.status == 200
        reply: dict[str, Any] = await response.json()
        return reply


async def test_a_record_says_who_did_what_to_whom(platform: Platform) -> None:
    done(platform, 1)
    assert await read(platform) == {
        "records": [
            {
                "id": 1,
                "created_at": "2026-03-01T20:00:00",
                "request_id": "request-1",
                "operator_user_id": platform.admin.id,
                "operator_account": "admin",
                "target_user_id": platform.user.id,
                "target_account": "testuser",
                "action": "user_freeze",
                "action_label": "冻结用户",
                "target": "",
                "before": {"status": "active", "features": ["一", "二"], "is_popular": True},
                "after": {"status": "frozen", "credits": -5},
            }
        ],
        "total": 1,
        "page": 1,
        "page_size": 20,
        "total_pages": 1,
    }


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({}, [4, 3, 2, 1]),
        ({"page": "2", "page_size": "3"}, [1]),
        ({"operator_user_id": "99"}, [3]),
        ({"target_user_id": "88"}, [4]),
        ({"action": "price_change"}, [2]),
        ({"date_from": "2026-03-02", "date_to": "2026-03-03"}, [3, 2]),
        ({"date_from": "2027-01-01"}, []),
    ],
)
async def test_filters_and_pages(platform: Platform, query: dict[str, str], numbers: list[int]) -> None:
    done(platform, 1)
    done(platform, 2, action="price_change", target_user_id=None, target="tts")
    done(platform, 3, operator_user_id=99)
    done(platform, 4, target_user_id=88)
    assert [each["id"] for each in (await read(platform, **query))["records"]] == numbers


async def test_only_administrators_read_it(platform: Platform) -> None:
    for headers, status in (({}, 401), (platform.bearer(), 403)):
        async with platform.client.get(AUDIT, headers=headers) as response:
            assert response.status == status
    for query in ({"page_size": "101"}, {"operator_user_id": "0"}, {"date_from": "yesterday"}):
        async with platform.client.get(AUDIT, params=query, headers=platform.bearer(platform.admin)) as response:
            assert response.status == 422, query
