"""The audit as an edge sees it."""

from __future__ import annotations

from datetime import UTC, datetime

from kit.rpc.server import Context
from tests.fakes.refusals import Refusals
from voxreel.auth.v1 import audit_service_pb2 as pb
from voxreel.auth.v1 import audit_service_pb2_grpc

_MAX = datetime.max.replace(tzinfo=UTC)


class FakeAudit(audit_service_pb2_grpc.AuditServiceServicer):
    """Answers the records that it was given, oldest first."""

    def __init__(self) -> None:
        self.refusals = Refusals()
        self.records: list[pb.AuditRecord] = []

    async def ListRecords(self, request: pb.ListRecordsRequest, context: Context) -> pb.ListRecordsResponse:
        self.refusals.enter("ListRecords")
        until = request.until.ToDatetime(UTC) if request.HasField("until") else _MAX
        found = [
            one
            for one in reversed(self.records)
            if request.since.ToDatetime(UTC) <= one.create_time.ToDatetime(UTC) < until
            and (not request.HasField("operator_user_id") or one.operator_user_id == request.operator_user_id)
            and (not request.HasField("target_user_id") or one.target_user_id == request.target_user_id)
            and (not request.HasField("action") or one.action == request.action)
        ]
        return pb.ListRecordsResponse(records=found[request.skip :][: request.page_size], total_size=len(found))
