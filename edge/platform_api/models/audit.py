"""What administrators did."""

from __future__ import annotations

from pydantic import Field
from typing_extensions import TypedDict

from edge.endpoint import JsonObject
from edge.platform_api.models.paging import MAX_INT64, Day, PageIn, PageOut


class AuditIn(PageIn):
    operator_user_id: int | None = Field(default=None, ge=1, le=MAX_INT64, description="操作管理员ID")
    target_user_id: int | None = Field(default=None, ge=1, le=MAX_INT64, description="被操作用户ID")
    action: str | None = Field(default=None, max_length=40, description="操作类型")
    date_from: Day | None = Field(default=None, description="开始日期")
    date_to: Day | None = Field(default=None, description="结束日期，包含当天")


class AuditRecordOut(TypedDict):
    id: int
    created_at: str
    request_id: str
    operator_user_id: int
    operator_account: str
    target_user_id: int | None
    target_account: str
    action: str
    action_label: str
    target: str
    before: JsonObject
    after: JsonObject


class AuditOut(PageOut):
    records: list[AuditRecordOut]
