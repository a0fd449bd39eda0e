"""The real models, loaded once."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.video.engines.mesh_warp.faces.tracker import FaceModels
from services.video.engines.mesh_warp.settings import MeshWarpFactory


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> FaceModels:
    return MeshWarpFactory(tmp_path_factory.mktemp("models"))()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "scratch").mkdir()
    return tmp_path
