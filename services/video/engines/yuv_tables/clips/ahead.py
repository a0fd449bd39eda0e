"""Working ahead in threads: decoding, keying and encoding release the interpreter's lock."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

_DEPTH = 6
_LOOK_S = 0.1  # how soon a full queue notices that nobody takes from it any more


@dataclass(frozen=True, slots=True)
class _Item(Generic[T]):
    value: T


@dataclass(frozen=True, slots=True)
class _End:
    error: BaseException | None


@contextmanager
def ahead(source: Iterable[T]) -> Iterator[Iterator[T]]:
    """The items of a source that a thread takes, a few at most before they are asked for.

    What the source raises is raised here. The thread has ended when the block has.
    """
    items: queue.Queue[_Item[T] | _End] = queue.Queue(_DEPTH)
    is_over = threading.Event()
    thread = threading.Thread(target=_take, args=(source, items, is_over), name="keying-ahead", daemon=True)
    thread.start()
    try:
        yield _given(items)
    finally:
        is_over.set()
        thread.join()


def _given(items: queue.Queue[_Item[T] | _End]) -> Iterator[T]:
    while isinstance(item := items.get(), _Item):
        yield item.value
    if item.error is not None:
        raise item.error


def _take(source: Iterable[T], items: queue.Queue[_Item[T] | _End], is_over: threading.Event) -> None:
    error: BaseException | None = None
    try:
        for value in source:
            if not _put(items, _Item(value), is_over):
                return
    except BaseException as raised:  # the consumer's thread decides what to do about it
        error = raised
    _put(items, _End(error), is_over)


def _put(items: queue.Queue[_Item[T] | _End], item: _Item[T] | _End, is_over: threading.Event) -> bool:
    while not is_over.is_set():
        try:
            items.put(item, timeout=_LOOK_S)
        except queue.Full:
            continue
        return True
    return False
