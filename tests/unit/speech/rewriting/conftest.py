"""The dictionary of Mandarin, parsed once into a folder of the tests' own."""

from __future__ import annotations

import pytest

from services.speech.engines.jieba_cache import keep_jieba_cache_in


@pytest.fixture(autouse=True, scope="session")
def _dictionary(tmp_path_factory: pytest.TempPathFactory) -> None:
    keep_jieba_cache_in(tmp_path_factory.mktemp("jieba"))
