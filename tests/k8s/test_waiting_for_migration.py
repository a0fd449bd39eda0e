"""A new pod on the former schema: it runs, is not ready, and becomes ready when the migration has been done."""

from __future__ import annotations

import asyncio
from importlib import import_module
from pathlib import Path

import pytest

from kit.config import ServiceConfig
from kit.db.migrate import upgrade
from kit.observability.health import Health, Severity
from kit.process import AppSpec, running
from tests.k8s.rendering import ROOT
from tests.k8s.test_settings import CONFIGS
from tests.polling import eventually
from tests.ports import free_port
from tests.store.migrated import revisions_of

SERVICES = ("auth", "billing", "files", "speech", "video")


def _missing(health: Health) -> set[str]:
    """The checks that keep the process from becoming ready."""
    return {name for name, each in health.results.items() if each.problem and each.severity is not Severity.DEGRADES}


@pytest.mark.parametrize("service", SERVICES)
async def test_a_pod_waits_for_the_migration(service: str, tmp_path: Path) -> None:
    settings = {
        "port": 0,
        "admin_port": 0,
        "data_dir": tmp_path,
        "grace_s": 1.0,
        "service_token": "0123456789abcdef",
        "nats_url": f"nats://127.0.0.1:{free_port()}",
        "auto_migrate": False,
        "is_worker_on": False,
        "peers": dict.fromkeys(SERVICES, f"127.0.0.1:{free_port()}"),
    }
    if service == "auth":
        settings["first_admin"] = {"account": "admin", "password": "a-good-password"}
    config = CONFIGS[service].model_validate(settings)
    assert isinstance(config, ServiceConfig)
    migrations = ROOT / "services" / service / "migrations"
    build = import_module(f"services.{service}.app").build
    url = config.db.url.get_secret_value()
    await asyncio.to_thread(upgrade, url, migrations, revision=revisions_of(service)[-2])
    async with running(AppSpec(service, config, build, migrations)) as app:
        await eventually(lambda: "migrations" in app.health.results)
        assert app.health.results["migrations"].problem == "NotAtHeadError"
        assert not app.health.is_ready
        await asyncio.to_thread(upgrade, url, migrations)
        # Only auth needs nobody; the others have yet to fetch its keys.
        missing = set() if service == "auth" else {"keys"}
        await eventually(lambda: _missing(app.health) == missing)
        assert app.health.is_ready is (service == "auth")
        await app.drain(asyncio.get_running_loop().time() + 1)
