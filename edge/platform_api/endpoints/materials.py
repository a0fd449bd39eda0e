"""Material lists: each can be added to and removed from."""

from __future__ import annotations

from typing import Any

from edge.endpoint import Access, Endpoint, Source
from edge.platform_api.endpoints.users import TAG
from edge.platform_api.handlers.materials import LISTS, MaterialList
from edge.platform_api.models.materials import MaterialIn
from edge.platform_api.models.users import MessageOut


def _endpoints(materials: MaterialList) -> tuple[Endpoint[MaterialIn], ...]:
    actions = (("POST", "add", materials.add), ("DELETE", "remove", materials.remove))
    return tuple(
        Endpoint(
            method=method,
            path=f"/api/user/materials/{materials.segment}/{action}",
            access=Access.USER,
            input=MaterialIn,
            source=Source.BODY,
            handler=handler,
            output=MessageOut,
            tag=TAG,
            refusals=(404,),
        )
        for method, action, handler in actions
    )


ENDPOINTS: tuple[Endpoint[Any], ...] = tuple(endpoint for each in LISTS for endpoint in _endpoints(each))
