from __future__ import annotations

from pathlib import Path

import pytest

from cli.stack.catalog import app_spec, config_class, effective_config
from cli.stack.names import APPS, EDGE
from kit.config import settings_of
from tools import settings_doc

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "settings.md"


def test_the_settings_document_is_current() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == settings_doc.render(), "run `make docs`"


@pytest.mark.parametrize("app", APPS)
def test_every_setting_of_every_app_is_described(app: str) -> None:
    assert config_class(app).service_name() == app
    assert [each.variable for each in settings_of(config_class(app)) if not each.field.description] == []


@pytest.mark.parametrize("app", APPS)
def test_every_app_can_be_hosted(app: str, tmp_path: Path) -> None:
    spec = app_spec(app, effective_config(config_class(app), tmp_path))
    assert spec.config.data_dir == tmp_path
    assert (spec.migrations is None) == (app == EDGE)
