"""How the tests are spread over the cores."""

from __future__ import annotations

import os

import pytest

_MOST_WORKERS = 4


def pytest_xdist_auto_num_workers() -> int:
    """One more than cores: a third of the time a test waits for processes that it started."""
    return min(_MOST_WORKERS, (os.cpu_count() or 1) + 1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files are begun first, so that at the end no core waits for the last of them."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
