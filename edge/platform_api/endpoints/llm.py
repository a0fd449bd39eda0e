"""Texts written anew."""

from __future__ import annotations

from typing import Any

from edge.endpoint import Access, Endpoint, NoInput, RateClass, Source
from edge.platform_api.handlers import llm
from edge.platform_api.models.llm import ModelsOut, RewriteIn, RewriteOut

TAG = "大语言模型"

ENDPOINTS: tuple[Endpoint[Any], ...] = (
    Endpoint(
        method="POST",
        path="/api/llm/rewrite",
        access=Access.USER,
        input=RewriteIn,
        source=Source.BODY,
        handler=llm.rewrite,
        output=RewriteOut,
        tag=TAG,
        rate=RateClass.TASK,
        is_keyed=True,
        is_attended=True,
        other_media=("text/event-stream",),
        # Longer than the service lets one take.
        timeout_s=130.0,
        refusals=(402,),
    ),
    Endpoint(
        method="GET",
        path="/api/llm/models",
        access=Access.PUBLIC,
        input=NoInput,
        handler=llm.list_models,
        output=ModelsOut,
        tag=TAG,
    ),
)
