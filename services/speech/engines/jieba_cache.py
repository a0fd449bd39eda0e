"""Where jieba keeps its parsed dictionary."""

from __future__ import annotations

import logging
from pathlib import Path

import jieba


def keep_jieba_cache_in(cache_dir: Path) -> None:
    """By default jieba loads its parsed dictionary from the shared temporary directory, where any local user
    could have put it.
    """
    cache_dir.mkdir(parents=True, exist_ok=True)
    jieba.setLogLevel(logging.WARNING)
    jieba.dt.tmp_dir = str(cache_dir)
