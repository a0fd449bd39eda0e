from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import Field, SecretStr

from kit.config import ConfigError, ProcessConfig, ServiceConfig, load, masked, service_settings, settings_of
from kit.db.settings import DatabaseSettings

TOKEN = "0123456789abcdef"


class SampleConfig(ServiceConfig):
    model_config = service_settings("sample")

    db: DatabaseSettings = Field(default=DatabaseSettings(synchronous="FULL"), description="Own database.")
    batch: int = Field(default=3, ge=1, description="Rows at a time.")


@pytest.fixture(autouse=True)
def service_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOXREEL_SAMPLE_SERVICE_TOKEN", TOKEN)


def test_name_and_prefix_come_from_the_settings_class() -> None:
    assert SampleConfig.service_name() == "sample"
    assert SampleConfig.env_prefix() == "VOXREEL_SAMPLE_"


def test_environment_sets_fields_and_fields_of_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOXREEL_SAMPLE_BATCH", "7")
    monkeypatch.setenv("VOXREEL_SAMPLE_PEERS__AUTH", "127.0.0.1:1")
    config = load(SampleConfig)
    assert config.batch == 7
    assert config.peers.auth == "127.0.0.1:1"
    assert config.service_token.get_secret_value() == TOKEN


def test_arguments_win_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOXREEL_SAMPLE_BATCH", "7")
    assert load(SampleConfig, batch=9).batch == 9


def test_database_is_a_file_in_the_data_directory_unless_given(tmp_path: Path) -> None:
    config = SampleConfig(data_dir=tmp_path, service_token=SecretStr(TOKEN))
    assert config.db.url.get_secret_value() == f"sqlite:///{tmp_path}/sample.db"
    given = SampleConfig(
        data_dir=tmp_path, service_token=SecretStr(TOKEN), db=DatabaseSettings(url=SecretStr("sqlite:///other.db"))
    )
    assert given.db.url.get_secret_value() == "sqlite:///other.db"


def test_one_field_of_a_group_keeps_the_defaults_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOXREEL_SAMPLE_DB__READ_CONNECTIONS", "5")
    config = load(SampleConfig)
    assert (config.db.synchronous, config.db.read_connections) == ("FULL", 5)


def test_blobs_lie_in_the_data_directory_unless_given(tmp_path: Path) -> None:
    assert load(SampleConfig, data_dir=tmp_path).blobs_url == (tmp_path / "blobs").as_uri()
    assert load(SampleConfig, blobs_url="file:///elsewhere").blobs_url == "file:///elsewhere"


def test_unknown_variable_is_refused_with_the_closest_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOXREEL_SAMPLE_DB__READ_CONECTIONS", "5")
    with pytest.raises(ConfigError) as refusal:
        load(SampleConfig)
    assert str(refusal.value) == (
        "VOXREEL_SAMPLE_DB__READ_CONECTIONS is not a setting; the closest is VOXREEL_SAMPLE_DB__READ_CONNECTIONS"
    )


def test_every_wrong_value_is_named_and_none_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOXREEL_SAMPLE_SERVICE_TOKEN", "short-secret")
    monkeypatch.setenv("VOXREEL_SAMPLE_BATCH", "many")
    monkeypatch.setenv("VOXREEL_SAMPLE_DB__READ_CONNECTIONS", "0")
    with pytest.raises(ConfigError) as refusal:
        load(SampleConfig)
    lines = str(refusal.value).splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "VOXREEL_SAMPLE_SERVICE_TOKEN",
        "VOXREEL_SAMPLE_DB__READ_CONNECTIONS",
        "VOXREEL_SAMPLE_BATCH",
    ]
    assert "short-secret" not in str(refusal.value)


def test_missing_token_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VOXREEL_SAMPLE_SERVICE_TOKEN")
    with pytest.raises(ConfigError, match=r"^VOXREEL_SAMPLE_SERVICE_TOKEN: is required$"):
        load(SampleConfig)


def test_file_variable_gives_the_value(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("sqlite:///from-file.db\n")
    monkeypatch.setenv("VOXREEL_SAMPLE_DB__URL_FILE", str(secret))
    assert load(SampleConfig).db.url.get_secret_value() == "sqlite:///from-file.db"


def test_file_and_value_together_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VOXREEL_SAMPLE_SERVICE_TOKEN_FILE", str(tmp_path / "token"))
    with pytest.raises(ConfigError, match="both set"):
        load(SampleConfig)


def test_missing_file_is_told_without_its_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VOXREEL_SAMPLE_DB__URL_FILE", str(tmp_path / "nowhere"))
    with pytest.raises(ConfigError) as refusal:
        load(SampleConfig)
    assert "VOXREEL_SAMPLE_DB__URL_FILE" in str(refusal.value)
    assert str(tmp_path) not in str(refusal.value)


def test_printed_settings_hide_secrets() -> None:
    shown = masked(load(SampleConfig, nats_url="nats://s3cret@127.0.0.1:1"))
    assert "s3cret" not in str(shown)
    assert TOKEN not in str(shown)
    assert shown["batch"] == 3


def test_every_setting_is_described() -> None:
    settings = [*settings_of(SampleConfig), *settings_of(ProcessConfig)]
    assert len(settings) > 20
    assert [setting.variable for setting in settings if not setting.field.description] == []
