"""What the mesh warp needs to know, light enough to import in a process that never runs it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from kit.models import DEFAULT_MODELS_DIR, ModelError, ModelStore

if TYPE_CHECKING:
    from services.video.engines.mesh_warp.faces.tracker import FaceModels

ENGINE_NAME = "mesh_warp"
MODEL_NAME = "mediapipe-face-mesh-468"

_DETECTOR = "face/face_detection_short_range.tflite"
_MESH = "face/face_landmark.tflite"
_LIBRARIES = ("ai_edge_litert", "av", "cv2", "numpy")


@dataclass(frozen=True, slots=True)
class MeshWarpFactory:
    """Loads the models in the process that calls it; picklable, so that a worker process can."""

    cache_dir: Path
    models_dir: Path = DEFAULT_MODELS_DIR

    def __call__(self) -> FaceModels:
        """Raises ModelError or ImportError."""
        from services.video.engines.mesh_warp.faces.detector import FaceDetector
        from services.video.engines.mesh_warp.faces.mesh import FaceMesh
        from services.video.engines.mesh_warp.faces.tracker import FaceModels

        store = self._store()
        return FaceModels(FaceDetector(store.ensure(_DETECTOR)), FaceMesh(store.ensure(_MESH)))

    def problems(self) -> tuple[str, ...]:
        """What keeps the engine from working, for the operator; empty if nothing does. Loads no model."""
        missing = tuple(f"library {name} is not installed" for name in _LIBRARIES if find_spec(name) is None)
        try:
            store = self._store()
        except ModelError as error:
            return (*missing, str(error))
        return missing + tuple(problem for name in (_DETECTOR, _MESH) if (problem := store.problem(name)))

    def model_sha256(self) -> str:
        """The digest the manifest demands of the mesh; empty if there is no manifest."""
        try:
            return self._store().sha256(_MESH)
        except ModelError:
            return ""

    def _store(self) -> ModelStore:
        return ModelStore(self.models_dir, self.cache_dir)
