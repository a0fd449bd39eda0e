"""Texts written anew."""

from __future__ import annotations

from typing import Literal, NotRequired, Self

from pydantic import Field, model_validator
from typing_extensions import TypedDict

from edge.endpoint import In


class RewriteIn(In):
    text: str = Field(min_length=1, max_length=5000, description="要仿写的原文本")
    mode: Literal["auto", "custom"] = Field(default="auto", description="仿写模式")
    custom_instruction: str = Field(default="", max_length=1000, description="custom 模式的改写要求")
    length_ratio: float = Field(default=1.0, ge=0.1, le=3.0, description="目标长度与原文长度之比")
    stream: bool = Field(default=False, description="以 Server-Sent Events 返回")

    @model_validator(mode="after")
    def _has_instruction(self) -> Self:
        if self.mode == "custom" and not self.custom_instruction.strip():
            raise ValueError("custom 模式需要填写 custom_instruction")
        return self


class UsageOut(TypedDict):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class RewriteOut(TypedDict):
    original_text: str
    rewritten_text: str
    mode: str
    model: str
    usage: UsageOut
    stream: bool
    task_id: NotRequired[str]
    engine: NotRequired[str]
    quality: NotRequired[str]
    warnings: NotRequired[list[str]]


class ModelOut(TypedDict):
    id: str
    name: str
    description: str


class ModelsOut(TypedDict):
    models: list[ModelOut]
