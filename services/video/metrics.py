"""What video counts of its own."""

from __future__ import annotations

from typing import Final

from kit.observability.instruments import Definition, Kind, Label

LINK_CHANGED_WAYS: Final = Definition(
    "voxreel_link_changed_ways",
    Kind.GAUGE,
    "Ways of reading a platform's links whose pages no longer hold what is looked for.",
    "video",
    (Label("platform", "the platforms that can be read"),),
)
METRICS: Final = (LINK_CHANGED_WAYS,)
