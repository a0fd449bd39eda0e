"""Tables for spreadsheet programs, sent while they are read."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence

import structlog
from aiohttp import web

from edge.facts import FACTS, REQUEST_ID_HEADER
from kit.errors import DomainError

Cell = str | int | float | None
# Without it spreadsheet programs take UTF-8 for the code page of their system.
_BOM = "\ufeff"
# What makes a program read a cell as a formula, also in the width of Chinese keyboards.
_FORMULA_STARTS = frozenset("=+-@\t\r\n＝＋－＠")
_log = structlog.get_logger()


async def send_csv(
    request: web.Request, parts: AsyncIterator[Sequence[Sequence[Cell]]], *, header: Sequence[str], name: str
) -> web.StreamResponse:
    """Answers 200 with the rows of all parts. Raises what the first part raises; later errors cut the connection."""
    response = web.StreamResponse(headers=_headers(request, name))
    if request.method == "HEAD":
        await response.prepare(request)
        return response
    # Before the status line is out, a refusal can still be told.
    nothing: Sequence[Sequence[Cell]] = []
    first = await anext(parts, nothing)
    await response.prepare(request)
    await response.write((_BOM + csv_lines([header, *first])).encode())
    try:
        async for part in parts:
            await response.write(csv_lines(part).encode())
    except DomainError as error:
        _log.warning("export.broken", reason=error.reason_name, request_id=request[FACTS].request_id)
        # Only a cut connection tells the client that the body is incomplete.
        raise ConnectionResetError("the rows ended early") from None
    await response.write_eof()
    return response


def csv_lines(rows: Iterable[Sequence[Cell]]) -> str:
    """The rows as RFC 4180 has them. No cell can be taken for a formula."""
    text = io.StringIO()
    csv.writer(text).writerows([_harmless(cell) for cell in row] for row in rows)
    return text.getvalue()


def _harmless(cell: Cell) -> Cell:
    # As OWASP advises; numbers are ours and stay numbers.
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in _FORMULA_STARTS else cell


def _headers(request: web.Request, name: str) -> dict[str, str]:
    return {
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        REQUEST_ID_HEADER: request[FACTS].request_id,
    }
