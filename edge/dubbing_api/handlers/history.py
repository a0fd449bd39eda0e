"""The history of dubbing."""

from __future__ import annotations

from contextlib import suppress

from edge.aggregates.links import signed_link
from edge.dubbing_api.models.history import DownloadUrlIn, DownloadUrlOut, DubbingIdIn, DubbingOut, DubbingsOut
from edge.dubbing_api.models.paging import PageIn
from edge.dubbing_api.render_voices import dubbing, public_url
from edge.endpoint import Call
from kit.errors import NotFound
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.files.v1 import file_service_pb2 as files
from voxreel.speech.v1 import history_service_pb2 as history

_MISSING = "Audio history not found or access denied"


async def list_history(given: PageIn, call: Call) -> DubbingsOut:
    """A page of the caller's pieces, newest first."""
    request = history.ListDubbingsRequest(page_size=given.size, skip=given.skip)
    response = await call.shared.clients.history.ListDubbings(request)
    items = [dubbing(piece, call.shared.times) for piece in response.dubbings]
    return {"items": items, **given.facts(response.total_size)}


async def get_history(given: DubbingIdIn, call: Call) -> DubbingOut:
    """One of the caller's pieces."""
    return dubbing(await _piece(given, call), call.shared.times)


async def delete_history(given: DubbingIdIn, call: Call) -> None:
    """Deletes a piece and its audio."""
    clients = call.shared.clients
    piece = await _piece(given, call)
    # The file first: whatever happens between the two, a repeat does the rest, and links end at once.
    with suppress(NotFound):
        await clients.files.DeleteFile(files.DeleteFileRequest(file_id=piece.file_id))
    await clients.history.DeleteDubbing(history.DeleteDubbingRequest(dubbing_id=piece.id))


async def download_url(given: DownloadUrlIn, call: Call) -> DownloadUrlOut:
    """A link to a piece's audio that ends by itself."""
    piece = await _piece(given, call)
    link = await signed_link(piece.file_id, given.expires, call.shared.clients)
    if link is None:
        # Its owner deleted the file.
        raise NotFound(reasons.ERROR_REASON_HISTORY_NOT_FOUND, _MISSING)
    return {"download_url": public_url(link, call.shared.public_base_url), "expires_in": given.expires}


async def _piece(given: DubbingIdIn, call: Call) -> history.Dubbing:
    request = history.GetDubbingRequest(dubbing_id=given.history_id)
    return (await call.shared.clients.history.GetDubbing(request)).dubbing
