"""What administrators did."""

from __future__ import annotations

from edge.display import DisplayTimes
from edge.endpoint import Call
from edge.platform_api.models.audit import AuditIn, AuditOut, AuditRecordOut
from kit.rpc.structs import plain
from voxreel.auth.v1 import audit_service_pb2 as pb


async def records(given: AuditIn, call: Call) -> AuditOut:
    """Everybody's deeds that the filters leave, newest first."""
    times = call.shared.times
    response = await call.shared.clients.audit.ListRecords(
        pb.ListRecordsRequest(
            operator_user_id=given.operator_user_id,
            target_user_id=given.target_user_id,
            action=given.action or None,
            since=None if given.date_from is None else times.start_of(given.date_from),
            until=None if given.date_to is None else times.end_of(given.date_to),
            page_size=given.page_size,
            skip=given.skip,
        )
    )
    return {"records": [_record(each, times) for each in response.records], **given.facts(response.total_size)}


def _record(found: pb.AuditRecord, times: DisplayTimes) -> AuditRecordOut:
    return {
        "id": found.id,
        "created_at": times.stamp(found.create_time),
        "request_id": found.request_id,
        "operator_user_id": found.operator_user_id,
        "operator_account": found.operator_account,
        "target_user_id": found.target_user_id if found.HasField("target_user_id") else None,
        "target_account": found.target_account,
        "action": found.action,
        "action_label": found.action_label,
        "target": found.target,
        "before": plain(found.before),
        "after": plain(found.after),
    }
