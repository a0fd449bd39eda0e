"""The Dockerfile: what it copies is there, what it installs is pinned, what it starts exists."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass, field
from importlib.util import find_spec

import pytest

from tests.k8s.rendering import ROOT
from tools.pins import pins, selected

SERVICES = ("auth", "billing", "files", "speech", "video")
TARGETS = (*SERVICES, "edge")
WITH_MODELS = {"speech", "video"}


@dataclass
class Stage:
    """One FROM of the Dockerfile with its instructions in order."""

    name: str
    base: str
    instructions: list[tuple[str, str]] = field(default_factory=list)

    def all(self, keyword: str) -> list[str]:
        return [text for word, text in self.instructions if word == keyword]


def stages() -> dict[str, Stage]:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    found: dict[str, Stage] = {}
    for instruction in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        if not instruction.strip():
            continue
        keyword, _, rest = instruction.partition(" ")
        if keyword == "FROM":
            base, name = re.fullmatch(r"(\S+) AS (\S+)", rest).groups()
            current = found[name] = Stage(name, base)
        else:
            current.instructions.append((keyword, rest.strip()))
    return found


STAGES = stages()


def lineage(name: str) -> list[Stage]:
    """A stage and those it is built on."""
    stage = STAGES[name]
    return [stage, *(lineage(stage.base) if stage.base in STAGES else [])]


def copies(stage: Stage) -> list[tuple[str, list[str]]]:
    """The stage that is copied from, "" for the checkout, and the sources."""
    found = []
    for text in stage.all("COPY"):
        words = text.split()
        source = words[0].removeprefix("--from=") if words[0].startswith("--from=") else ""
        found.append((source, words[1 if source else 0 : -1]))
    return found


def test_there_is_a_target_for_each_service_and_the_edge() -> None:
    assert {name for name, stage in STAGES.items() if stage.all("ENTRYPOINT")} == set(TARGETS)


def test_the_base_is_one_image_with_a_full_version() -> None:
    bases = {stage.base for stage in STAGES.values()} - set(STAGES)
    assert len(bases) == 1
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-[a-z]+", bases.pop())


@pytest.mark.parametrize("name", STAGES)
def test_what_is_copied_is_there_and_sent_to_the_builder(name: str) -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    sent = [line[1:] for line in ignored if line.startswith("!")]
    for source, paths in copies(STAGES[name]):
        assert not source or source in STAGES
        for path in paths:
            if not source:
                assert (ROOT / path).exists(), path
                assert any(path == each or path.startswith(f"{each}/") for each in sent), path
            elif path.startswith("/app/"):
                assert (ROOT / path.removeprefix("/app/")).exists(), path


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_runs_its_own_module_as_nobody_in_particular(target: str) -> None:
    stage = STAGES[target]
    (entrypoint,), (command,) = stage.all("ENTRYPOINT"), stage.all("CMD")
    module = "edge" if target == "edge" else f"services.{target}"
    assert json.loads(entrypoint) == ["python", "-m", module]
    assert json.loads(command) == ["serve"]
    assert find_spec(f"{module}.__main__") is not None
    assert stage.all("USER") == ["10001:10001"]
    assert stage.instructions[-3][0] == "USER", "nothing is written after it"


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_holds_its_own_code_and_packages_only(target: str) -> None:
    copied = copies(STAGES[target])
    packages = {source for source, _ in copied if source.endswith("-packages")} - {"model-packages"}
    assert packages == {f"{target}-packages"}
    installed = "\n".join(STAGES[f"{target}-packages"].all("COPY"))
    assert set(re.findall(r"requirements/(\w+)\.txt", installed)) == {target, "tracing"} | (
        {"offline"} if target in WITH_MODELS else set()
    )
    code = {path for source, paths in copied if source == "code" for path in paths}
    own = {"/app/edge"} if target == "edge" else {"/app/services/__init__.py", f"/app/services/{target}"}
    assert code == {"/app/gen", "/app/kit", *own}
    assert ("models" in [path for _, paths in copied for path in paths]) is (target in WITH_MODELS)


@pytest.mark.parametrize("target", TARGETS)
def test_packages_and_models_lie_below_the_code(target: str) -> None:
    order = [source or "models" for source, _ in copies(STAGES[target])]
    assert order.index(f"{target}-packages") == 0
    assert max(i for i, each in enumerate(order) if each != "code") < min(
        i for i, each in enumerate(order) if each == "code"
    )


@pytest.mark.parametrize("name", [name for name in STAGES if name.endswith("-packages")])
def test_packages_are_installed_by_hash_and_no_index_is_named(name: str) -> None:
    installs = [run for run in STAGES[name].all("RUN") if " install " in run]
    assert len(installs) == 1
    assert "--require-hashes" in installs[0]
    assert "--mount=type=secret,id=pip" in installs[0]
    assert not re.search(r"index-url|https?://|trusted-host", (ROOT / "Dockerfile").read_text(encoding="utf-8"))


@pytest.mark.parametrize("target", TARGETS)
def test_tracing_is_installed_where_it_is_asked_for_and_fits_the_rest(target: str) -> None:
    stage = STAGES[f"{target}-packages"]
    (install,) = [run for run in stage.all("RUN") if " install " in run]
    assert install.endswith(" ${TRACING:+-r /build/tracing.txt}") and stage.all("ARG") == ["TRACING"]
    pinned = [
        dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / f"requirements/{name}.txt").read_text("utf-8"), re.MULTILINE))
        for name in (target, "tracing")
    ]
    assert all(pinned[1].get(package, version) == version for package, version in pinned[0].items())


def chosen(name: str) -> frozenset[str]:
    """The packages that a stage picks out of the offline set."""
    (run,) = [run for run in STAGES[name].all("RUN") if "pins.py" in run]
    words = run.partition("offline.txt")[2].partition(">")[0].split()
    return frozenset(words) - {"--but"}


def test_model_files_have_a_layer_of_their_own() -> None:
    offline = (ROOT / "requirements" / "offline.txt").read_text(encoding="utf-8")
    manifest = tomllib.loads((ROOT / "models" / "manifest.toml").read_text(encoding="utf-8"))
    carrying = {part["distribution"] for file in manifest["file"] for part in file.get("parts", ())}
    models = chosen("model-packages")
    assert models == chosen("speech-packages")
    assert carrying <= models
    assert {name for name, _ in pins(selected(offline, models, but=False))} == models
    assert "model-packages" in [source for source, _ in copies(STAGES["speech"])]
    assert any("PYTHONPATH=" in env and env.endswith(":/opt/models") for env in STAGES["speech"].all("ENV"))


def test_video_gets_what_its_interpreter_needs_and_no_engine_of_speech() -> None:
    wanted = chosen("video-packages")
    assert "ai-edge-litert" in wanted
    assert not wanted & {"onnxruntime", "faster-whisper", "misaki", "jieba"}
