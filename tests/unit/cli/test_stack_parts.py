from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.stack.broker import broker, broker_program
from cli.stack.data_dir import DataDir, DataDirInUseError, write_private
from cli.stack.logs import ErrorTail, bounded, error_text
from cli.stack.names import APPS, EDGE, SERVICES
from cli.stack.plan import (
    Admin,
    Plan,
    PlanError,
    components,
    make_plan,
    settings_of_app,
    single_process_components,
)
from cli.stack.ports import ReservedPorts, is_free
from cli.stack.process import describe_exit
from cli.stack.state import ComponentState, StackState, read_state, write_state
from cli.up import first_admin
from tests.ports import free_port

LOOPBACK = "127.0.0.1"


@pytest.fixture
def data_dir(tmp_path: Path) -> DataDir:
    folder = DataDir(tmp_path / "data")
    folder.create()
    return folder


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_secrets_are_made_once_and_readable_by_the_owner_only(data_dir: DataDir) -> None:
    token = data_dir.secret("service-token")
    assert len(token) >= 32
    assert data_dir.secret("service-token") == token
    assert mode(data_dir.secrets / "service-token") == 0o600
    assert (mode(data_dir.root), mode(data_dir.secrets)) == (0o700, 0o700)


def test_a_private_file_is_replaced_at_once(tmp_path: Path) -> None:
    path = tmp_path / "state"
    write_private(path, "long former text")
    write_private(path, "new")
    assert path.read_text() == "new"
    assert [each.name for each in tmp_path.iterdir()] == ["state"]


def test_two_stacks_cannot_share_a_data_directory(data_dir: DataDir) -> None:
    with data_dir.locked(), pytest.raises(DataDirInUseError), data_dir.locked():
        pass
    with data_dir.locked():
        pass


def test_state_is_read_back_while_the_supervisor_lives(data_dir: DataDir) -> None:
    state = StackState(os.getpid(), "http://h:1", {"auth": ComponentState(7, "h:2", 3, is_ready=True, restarts=1)})
    write_state(data_dir.state_file, state)
    assert read_state(data_dir.state_file) == state
    assert mode(data_dir.state_file) == 0o600
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    write_state(data_dir.state_file, StackState(gone.pid, "", {}))
    assert read_state(data_dir.state_file) is None
    data_dir.state_file.unlink()
    assert read_state(data_dir.state_file) is None


@pytest.fixture
def ports() -> Iterator[ReservedPorts]:
    with ReservedPorts() as reserved:
        yield reserved


def test_a_wanted_port_is_taken_if_it_is_free(ports: ReservedPorts) -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        taken = server.getsockname()[1]
        assert not is_free(LOOPBACK, taken)
        assert ports.take(LOOPBACK, taken) != taken
    assert ports.take(LOOPBACK, taken) == taken
    assert ports.take(LOOPBACK, taken) != taken
    assert len({ports.take(LOOPBACK, 0) for _ in range(50)}) == 50
    assert not is_free(LOOPBACK, 65_536)


@pytest.mark.skipif(sys.platform != "linux", reason="ports are held on Linux only")
@pytest.mark.parametrize("is_chosen", [False, True])
def test_a_reserved_port_is_left_to_a_server_that_starts_later_and_again(
    ports: ReservedPorts, *, is_chosen: bool
) -> None:
    if is_chosen:
        with socket.create_server((LOOPBACK, 0)) as chosen:
            port = chosen.getsockname()[1]
        ports.keep(LOOPBACK, port)
    else:
        port = ports.take(LOOPBACK, 0)
    for _ in range(2):
        with socket.socket() as stranger, pytest.raises(OSError, match="in use"):
            stranger.bind((LOOPBACK, port))
        with socket.create_server((LOOPBACK, port)), socket.create_connection((LOOPBACK, port)):
            assert not is_free(LOOPBACK, port)
    ports.close()
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind((LOOPBACK, port))


def plan_of(data_dir: DataDir, environ: dict[str, str], port: int = 0, admin: Admin | None = None) -> Plan:
    with ReservedPorts() as ports:
        return make_plan(data_dir, host=LOOPBACK, port=port, ports=ports, admin=admin, environ=environ)


def plan_ports(data_dir: DataDir, environ: dict[str, str], port: int = 0) -> dict[str, int]:
    return dict(plan_of(data_dir, environ, port).ports)


def test_services_follow_the_edge_port(data_dir: DataDir) -> None:
    base = 40_000
    while not all(is_free(LOOPBACK, base + offset) for offset in range(6)):
        base += 10
    ports = plan_ports(data_dir, {}, base)
    assert [ports[name] for name in (EDGE, *SERVICES)] == list(range(base, base + 6))


def test_a_taken_edge_port_is_refused_and_free_ones_are_found(data_dir: DataDir) -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        taken = server.getsockname()[1]
        with pytest.raises(PlanError, match="taken"):
            plan_ports(data_dir, {}, taken)
    with pytest.raises(PlanError, match="taken"):
        plan_ports(data_dir, {"VOXREEL_AUTH_PORT": str(taken)}, taken)
    ports = plan_ports(data_dir, {})
    assert len(set(ports.values())) == len(ports)
    assert all(ports.values())


def test_what_the_operator_sets_wins(data_dir: DataDir) -> None:
    free = free_port()
    environ = {"VOXREEL_AUTH_PORT": str(free), "VOXREEL_AUTH_LOG_LEVEL": "debug", "VOXREEL_AUTH_NATS_URL_FILE": "/f"}
    plan = plan_of(data_dir, environ)
    auth = settings_of_app(plan, "auth")
    assert auth["VOXREEL_AUTH_PORT"] == str(free)
    assert auth["VOXREEL_AUTH_LOG_LEVEL"] == "debug"
    assert "VOXREEL_AUTH_NATS_URL" not in auth
    assert settings_of_app(plan, "billing")["VOXREEL_BILLING_PEERS__AUTH"] == f"127.0.0.1:{free}"


def test_a_process_sees_only_its_own_settings(data_dir: DataDir) -> None:
    admin = Admin("root", "a-long-password")
    environ = {"VOXREEL_ADMIN_PASSWORD": "x", "PATH": "/bin", "VOXREEL_SPEECH_LOG_LEVEL": "debug"}
    plan = plan_of(data_dir, environ, admin=admin)
    for component in components(plan)[1:]:
        own = f"VOXREEL_{component.name.upper()}_"
        assert {
            name for name in component.environment if name.startswith("VOXREEL_") and not name.startswith(own)
        } == set()
        assert component.environment["PATH"] == "/bin"
        assert ("a-long-password" in component.environment.values()) == (component.name == "auth")


def test_the_broker_starts_first_and_ends_last_and_the_edge_the_other_way_round(data_dir: DataDir) -> None:
    plan = plan_of(data_dir, {})
    nats, *services, edge = components(plan)
    assert (nats.name, edge.name, [each.name for each in services]) == ("nats", "edge", list(SERVICES))
    assert set(nats.drains_after) == set(APPS)
    assert {each.starts_after for each in (*services, edge)} == {("nats",)}
    assert {each.drains_after for each in services} == {("edge",)}
    broker_part, platform = single_process_components(plan)
    assert broker_part.drains_after == (platform.name,)


def test_the_broker_needs_a_token_and_listens_on_loopback(data_dir: DataDir) -> None:
    component = broker(data_dir, port=4222, monitor_port=8222, drains_after=())
    settings = json.loads((data_dir.secrets / "broker.conf").read_text())
    assert settings["authorization"]["token"] == data_dir.secret("broker-token")
    assert settings["listen"] == "127.0.0.1:4222"
    assert mode(data_dir.secrets / "broker.conf") == 0o600
    assert data_dir.secret("broker-token") not in " ".join(component.command)
    assert os.access(broker_program(), os.X_OK)


def test_the_first_admin_is_the_operators_choice_or_made_once(data_dir: DataDir) -> None:
    given = {"VOXREEL_ADMIN_ACCOUNT": "root", "VOXREEL_ADMIN_PASSWORD": "a-long-password"}
    assert first_admin(data_dir, given) == (Admin("root", "a-long-password"), False)
    assert data_dir.admin_password() is None
    admin, is_new = first_admin(data_dir, {})
    assert (admin.account, is_new) == ("admin", True)
    assert len(admin.password) >= 16
    assert first_admin(data_dir, {}) == (admin, False)
    assert mode(data_dir.admin_password_file) == 0o600
    with pytest.raises(PlanError):
        first_admin(data_dir, {"VOXREEL_ADMIN_ACCOUNT": "root"})


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (b'{"level":"info","event":"access","ms":1}', None),
        (b'{"level":"error","event":"rpc.crashed","method":"/a","timestamp":"t"}', "rpc.crashed method=/a"),
        (b"[1] 2026/01/01 [INF] Server is ready", None),
        (b"[1] 2026/01/01 [ERR] disk is full", "[1] 2026/01/01 [ERR] disk is full"),
        (b"ModuleNotFoundError: No module named 'x'", "ModuleNotFoundError: No module named 'x'"),
        (b"", None),
        (b'{"level":"error","event":', '{"level":"error","event":'),
    ],
)
def test_the_operator_sees_errors_only(line: bytes, shown: str | None) -> None:
    assert error_text(line) == shown


def test_the_tail_reads_what_was_added_and_shows_a_few(tmp_path: Path) -> None:
    path = tmp_path / "auth.log"
    path.write_bytes(b"former error\n")
    tail = ErrorTail(path)
    assert tail.new_errors() == []
    with path.open("ab") as file:
        file.write(b"first\nhal")
    assert tail.new_errors() == ["first"]
    with path.open("ab") as file:
        file.write(b"f\n" + b"again\n" * 20)
    shown = tail.new_errors()
    assert shown[0] == "half"
    assert len(shown) == 6
    assert "16 more errors" in shown[-1]


def test_a_large_log_is_moved_aside(tmp_path: Path) -> None:
    path = tmp_path / "auth.log"
    path.write_bytes(b"x" * (10 * 1024 * 1024 + 1))
    assert not bounded(path).exists()
    assert (tmp_path / "auth.log.1").exists()
    path.write_bytes(b"short")
    assert bounded(path).read_bytes() == b"short"


def test_an_exit_status_in_words() -> None:
    assert [describe_exit(status) for status in (0, 3, -9)] == ["exit status 0", "exit status 3", "SIGKILL"]
