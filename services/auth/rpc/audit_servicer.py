"""AuditService."""

from __future__ import annotations

from collections.abc import Mapping

from google.protobuf.struct_pb2 import Struct

from kit.rpc.context import require_principal
from kit.rpc.server import Context
from kit.rpc.times import timestamp_of
from services.auth.domain.audit import AuditFilter, AuditRecord, Facts
from services.auth.domain.paging import DEFAULT_PAGE, Page
from services.auth.rpc.mapping import claims_of, time_from_proto
from services.auth.usecases.audit import AuditReader
from voxreel.auth.v1 import audit_service_pb2 as pb
from voxreel.auth.v1 import audit_service_pb2_grpc


class AuditServicer(audit_service_pb2_grpc.AuditServiceServicer):
    """What administrators did."""

    def __init__(self, audit: AuditReader, labels: Mapping[str, str]) -> None:
        self._audit = audit
        self._labels = labels

    async def ListRecords(self, request: pb.ListRecordsRequest, _context: Context) -> pb.ListRecordsResponse:
        records, total = await self._audit.page(
            claims_of(require_principal()),
            _filter_from_proto(request),
            Page(request.page_size if request.HasField("page_size") else DEFAULT_PAGE, request.skip),
        )
        # An action of an earlier version may have no label any more.
        shown = [_record_to_proto(each, self._labels.get(each.action, each.action)) for each in records]
        return pb.ListRecordsResponse(records=shown, total_size=total)


def _filter_from_proto(given: pb.ListRecordsRequest) -> AuditFilter:
    return AuditFilter(
        operator_user_id=given.operator_user_id if given.HasField("operator_user_id") else None,
        target_user_id=given.target_user_id if given.HasField("target_user_id") else None,
        action=given.action if given.HasField("action") else None,
        since=time_from_proto(given.since) if given.HasField("since") else None,
        until=time_from_proto(given.until) if given.HasField("until") else None,
    )


def _record_to_proto(record: AuditRecord, label: str) -> pb.AuditRecord:
    return pb.AuditRecord(
        id=record.id,
        create_time=timestamp_of(record.create_time),
        request_id=record.request_id,
        operator_user_id=record.operator_user_id,
        operator_account=record.operator_account,
        target_user_id=record.target_user_id,
        target_account=record.target_account,
        action=record.action,
        action_label=label,
        target=record.target,
        before=_struct(record.before),
        after=_struct(record.after),
    )


def _struct(facts: Facts) -> Struct:
    made = Struct()
    made.update(facts)
    return made
