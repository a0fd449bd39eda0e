"""Links can be turned off: then nothing outside is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit.errors import Unavailable
from services.video.engines.registry import VideoEngineSettings, open_engines
from services.video.usecases.links import Links


async def test_links_that_are_turned_off() -> None:
    engines = open_engines(VideoEngineSettings(model_cache_dir=Path("unused"), is_web_allowed=False))
    links = Links(engines.link_reader)
    with pytest.raises(Unavailable) as refused:
        await links.read("https://v.douyin.com/iXxx123/")
    assert refused.value.reason_name == "ENGINE_UNAVAILABLE"
    assert {each.last_outcome for each in links.platforms()} == {""}
    [fact] = engines.link_reader.facts
    assert fact.unavailable_reason == "引擎不可用：已由配置关闭"
