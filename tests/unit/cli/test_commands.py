from __future__ import annotations

import socket
from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.main import main
from cli.stack.data_dir import DataDir
from tests.fakes.sherpa_folders import make_folder


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, arguments)
    return result.exit_code, result.output


def test_help_lists_every_command_and_each_has_its_own() -> None:
    status, output = run("--help")
    assert status == 0
    for name in ("up", "demo", "doctor", "models", "restart", "ledger", "dlq", "backup", "restore"):
        assert name in output
        assert run(name, "--help")[0] == 0
    assert run("nonsense")[0] == 2


def test_up_refuses_a_taken_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        status, output = run("up", "--port", port, "--data-dir", str(tmp_path / "data"))
    assert status == 1
    assert f"port {port} on 127.0.0.1 is taken" in output


def test_up_refuses_a_data_directory_in_use(tmp_path: Path) -> None:
    folder = DataDir(tmp_path)
    folder.create()
    with folder.locked():
        status, output = run("up", "--port", "0", "--data-dir", str(tmp_path))
    assert status == 1
    assert "another stack is running" in output


def test_restart_without_a_stack_says_so(tmp_path: Path) -> None:
    status, output = run("restart", "auth", "--data-dir", str(tmp_path))
    assert (status, "no stack is running" in output) == (1, True)


def test_dead_letters_without_a_stack_say_so(tmp_path: Path) -> None:
    status, output = run("dlq", "list", "--data-dir", str(tmp_path))
    assert (status, "no stack is running" in output) == (1, True)


def test_an_unreachable_broker_is_named_without_its_token() -> None:
    status, output = run("dlq", "retry", "--all", "--nats-url", "nats://the-token@127.0.0.1:1")
    assert (status, "cannot be reached" in output) == (1, True)
    assert "the-token" not in output


@pytest.mark.parametrize("arguments", [("retry",), ("drop",), ("retry", "1", "--all")])
def test_dead_letters_are_named_or_all(arguments: tuple[str, ...]) -> None:
    status, output = run("dlq", *arguments, "--nats-url", "nats://127.0.0.1:1")
    assert (status, "give numbers, or --all" in output) == (2, True)


def test_demo_asks_for_the_admin_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VOXREEL_ADMIN_PASSWORD", raising=False)
    status, output = run("demo", "--data-dir", str(tmp_path))
    assert (status, "VOXREEL_ADMIN_PASSWORD" in output) == (1, True)


def test_demo_says_when_nothing_answers(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    status, output = run("demo", "--url", url, "--data-dir", str(tmp_path), "--admin-password", "x")
    assert (status, f"nothing answers at {url}" in output) == (1, True)


def test_doctor_names_a_broken_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOXREEL_AUTH_PROT", "1")
    status, output = run("doctor", "--data-dir", str(tmp_path))
    assert status == 1
    assert "VOXREEL_AUTH_PROT is not a setting; the closest is VOXREEL_AUTH_PORT" in output


def test_doctor_tells_what_is_missing_for_speech(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "own" / "kokoro"
    own.mkdir(parents=True)
    (own / "vocab.json").write_text("{}")
    monkeypatch.setenv("VOXREEL_SPEECH_SYNTHESIS__MODEL_DIR", str(own.parent))
    _, output = run("doctor", "--data-dir", str(tmp_path))
    assert "ModelFileCorrupt" in output


def test_models_are_listed_and_located(tmp_path: Path) -> None:
    status, output = run("models", "list", "--data-dir", str(tmp_path))
    assert status == 0
    assert "kokoro/vocab.json" in output
    status, output = run("models", "where", "kokoro/vocab.json", "--data-dir", str(tmp_path))
    assert (status, Path(output.strip()).is_file()) == (0, True)
    assert run("models", "where", "nonsense", "--data-dir", str(tmp_path))[0] == 1


def test_models_of_the_operator_are_listed_with_their_digests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_folder(tmp_path, "sense_voice")
    monkeypatch.setenv("VOXREEL_SPEECH_RECOGNITION__MODEL_DIR", str(folder))
    status, output = run("models", "list", "--data-dir", str(tmp_path))
    digest = sha256((folder / "tokens.txt").read_bytes()).hexdigest()
    assert status == 0
    assert f"{'mine/tokens.txt':40}your sense_voice model, sha256 {digest}\n" in output
