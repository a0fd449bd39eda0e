"""Finding, assembling and refusing model files."""

import hashlib
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kit.models import (
    DEFAULT_MODELS_DIR,
    ModelFileCorrupt,
    ModelFileMissing,
    ModelStore,
    UnknownModelFile,
)

SMALL = b"small vendored file"
PARTS = (b"first half, " * 1000, b"second half")
LARGE = b"".join(PARTS)
MANIFEST = f"""
[[file]]
name = "small.json"
sha256 = "{hashlib.sha256(SMALL).hexdigest()}"
size_bytes = {len(SMALL)}
licence = "MIT"

[[file]]
name = "engine/large.onnx"
sha256 = "{hashlib.sha256(LARGE).hexdigest()}"
size_bytes = {len(LARGE)}
licence = "MIT"
parts = [
  {{ distribution = "voxreel-test-data-1", version = "1.0", path = "voxreel_test_data_1/part.bin" }},
  {{ distribution = "voxreel-test-data-2", version = "1.0", path = "voxreel_test_data_2/part.bin" }},
]
"""


class Installation:
    """A models directory, a cache and data packages, all below one temporary directory."""

    def __init__(self, root: Path) -> None:
        self.models_dir = root / "models"
        self.cache_dir = root / "cache"
        self.operator_dir = root / "operator"
        self.packages_dir = root / "packages"
        self.models_dir.mkdir()
        (self.models_dir / "manifest.toml").write_text(MANIFEST)
        (self.models_dir / "small.json").write_bytes(SMALL)
        for number, content in enumerate(PARTS, 1):
            self.part(number).parent.mkdir(parents=True)
            self.part(number).write_bytes(content)
            facts = self.packages_dir / f"voxreel_test_data_{number}-1.0.dist-info"
            facts.mkdir()
            (facts / "METADATA").write_text(f"Name: voxreel-test-data-{number}\nVersion: 1.0\n")

    def part(self, number: int) -> Path:
        return self.packages_dir / f"voxreel_test_data_{number}" / "part.bin"

    def store(self, *, model_dir: Path | None = None) -> ModelStore:
        return ModelStore(self.models_dir, self.cache_dir, model_dir=model_dir)


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    installation = Installation(tmp_path)
    monkeypatch.syspath_prepend(str(installation.packages_dir))
    return installation


def test_a_vendored_file_is_used_where_it_lies(installation: Installation) -> None:
    assert installation.store().ensure("small.json") == installation.models_dir / "small.json"


def test_a_changed_vendored_file_is_refused(installation: Installation) -> None:
    (installation.models_dir / "small.json").write_bytes(SMALL + b"!")
    with pytest.raises(ModelFileCorrupt):
        installation.store().ensure("small.json")


def test_a_large_file_is_assembled_once(installation: Installation) -> None:
    path = installation.store().ensure("engine/large.onnx")
    assert path.read_bytes() == LARGE
    written = path.stat().st_mtime_ns
    assert installation.store().ensure("engine/large.onnx").stat().st_mtime_ns == written


def test_a_damaged_cache_is_rebuilt(installation: Installation) -> None:
    path = installation.store().ensure("engine/large.onnx")
    path.write_bytes(b"damaged")
    assert installation.store().ensure("engine/large.onnx").read_bytes() == LARGE


def test_wrong_parts_are_refused_and_leave_nothing(installation: Installation) -> None:
    installation.part(2).write_bytes(b"something else")
    with pytest.raises(ModelFileCorrupt):
        installation.store().ensure("engine/large.onnx")
    assert list((installation.cache_dir / "engine").iterdir()) == []


def test_a_missing_part_is_named(installation: Installation) -> None:
    installation.part(1).unlink()
    store = installation.store()
    assert "voxreel-test-data-1" in (store.problem("engine/large.onnx") or "")
    with pytest.raises(ModelFileMissing):
        store.ensure("engine/large.onnx")


def test_simultaneous_assembly_ends_with_one_good_file(installation: Installation) -> None:
    with ThreadPoolExecutor(8) as threads:
        paths = list(threads.map(lambda _: installation.store().ensure("engine/large.onnx"), range(8)))
    assert {path.read_bytes() for path in paths} == {LARGE}
    assert [path.name for path in paths[0].parent.iterdir()] == ["large.onnx"]


def test_the_operators_directory_comes_first(installation: Installation) -> None:
    own = installation.operator_dir / "engine" / "large.onnx"
    own.parent.mkdir(parents=True)
    own.write_bytes(LARGE)
    store = installation.store(model_dir=installation.operator_dir)
    assert store.ensure("engine/large.onnx") == own
    assert store.ensure("small.json") == installation.models_dir / "small.json"


def test_the_operators_files_are_checked_too(installation: Installation) -> None:
    own = installation.operator_dir / "small.json"
    own.parent.mkdir()
    own.write_bytes(b"other")
    with pytest.raises(ModelFileCorrupt):
        installation.store(model_dir=installation.operator_dir).ensure("small.json")


def test_problems_are_told_without_reading(installation: Installation) -> None:
    store = installation.store()
    assert store.problem("small.json") is None
    assert store.problem("engine/large.onnx") is None
    (installation.models_dir / "small.json").unlink()
    assert store.problem("small.json") == "small.json is not installed"


def test_unknown_names_and_missing_manifests(installation: Installation, tmp_path: Path) -> None:
    with pytest.raises(UnknownModelFile):
        installation.store().ensure("nothing")
    with pytest.raises(ModelFileMissing):
        ModelStore(tmp_path, tmp_path)


def test_the_real_manifest_matches_the_vendored_files(tmp_path: Path) -> None:
    store = ModelStore(DEFAULT_MODELS_DIR, tmp_path)
    document = tomllib.loads((DEFAULT_MODELS_DIR / "manifest.toml").read_text(encoding="utf-8"))
    vendored = [entry["name"] for entry in document["file"] if "vendored" in entry]
    documents = ("LICENSE", "NOTICE", "manifest.toml")
    there = [path for path in DEFAULT_MODELS_DIR.rglob("*") if path.is_file() and not path.name.startswith(documents)]
    assert {path.relative_to(DEFAULT_MODELS_DIR).as_posix() for path in there} == set(vendored)
    for name in vendored:
        assert store.ensure(name).is_file()
