"""Material lists."""

from __future__ import annotations

from pydantic import Field

from edge.endpoint import In


class MaterialIn(In):
    file_id: str = Field(min_length=1, max_length=200, description="文件 ID；音色列表中为音色 ID")
