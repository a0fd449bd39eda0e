"""Archives that are whole or refused, and a moment that is one for all databases."""

from __future__ import annotations

import io
import sqlite3
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from cli.backups.archive import ArchiveWriter, BadArchiveError, unpack
from cli.backups.installation import Installation
from cli.backups.moment import BusyError, moment_of
from cli.stack.data_dir import DataDir

NAMES = ("first", "second", "files")


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A whole archive of two files."""
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(name.encode() * 100_000)
    path = tmp_path / "whole.tar"
    with closing(tarfile.open(path, "w")) as tar:
        writer = ArchiveWriter(tar)
        writer.add("a", tmp_path / "a")
        writer.add("deep/down/b", tmp_path / "b")
        writer.finish({"time": "now"})
    return path


def rewritten(archive: Path, change: Callable[[str, bytes], list[tuple[str, bytes]]]) -> Path:
    """The archive with its members changed."""
    path = archive.with_name("changed.tar")
    with closing(tarfile.open(archive)) as source, closing(tarfile.open(path, "w")) as target:
        for member in source:
            file = source.extractfile(member)
            assert file is not None
            for name, content in change(member.name, file.read()):
                changed = tarfile.TarInfo(name)
                changed.size = len(content)
                target.addfile(changed, io.BytesIO(content))
    return path


def test_what_was_packed_is_unpacked(archive: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    assert unpack(archive, folder)["time"] == "now"
    assert (folder / "a").read_bytes() == b"a" * 100_000
    assert (folder / "deep" / "down" / "b").read_bytes() == b"b" * 100_000
    assert (folder / "a").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_an_archive_that_was_cut_off_is_refused(archive: Path, tmp_path: Path, share: float) -> None:
    content = archive.read_bytes()
    archive.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(BadArchiveError):
        unpack(archive, tmp_path / "out")


def test_a_changed_byte_is_found(archive: Path, tmp_path: Path) -> None:
    content = bytearray(archive.read_bytes())
    content[1000] ^= 1
    archive.write_bytes(content)
    with pytest.raises(BadArchiveError, match="a is not what was packed"):
        unpack(archive, tmp_path / "out")


def test_a_file_that_is_missing_or_too_many_is_found(archive: Path, tmp_path: Path) -> None:
    without = rewritten(archive, lambda name, content: [] if name == "a" else [(name, content)])
    with pytest.raises(BadArchiveError, match="a is not what was packed"):
        unpack(without, tmp_path / "out")
    doubled = rewritten(archive, lambda name, content: [(name, content), *([("c", b"")] if name == "a" else [])])
    with pytest.raises(BadArchiveError, match="c is not what was packed"):
        unpack(doubled, tmp_path / "other")


@pytest.mark.parametrize("name", ["../a", "/tmp/a", "deep/../../a"])
def test_nothing_is_written_outside(archive: Path, tmp_path: Path, name: str) -> None:
    moved = rewritten(archive, lambda known, content: [(name if known == "a" else known, content)])
    with pytest.raises(BadArchiveError, match="outside"):
        unpack(moved, tmp_path / "out")


def test_a_link_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "linked.tar"
    with closing(tarfile.open(path, "w")) as tar:
        link = tarfile.TarInfo("a")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    with pytest.raises(BadArchiveError, match="no plain file"):
        unpack(path, tmp_path / "out")


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    """Three databases, one of which has records of files."""
    databases = {name: tmp_path / f"{name}.db" for name in NAMES}
    for name, path in databases.items():
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("CREATE TABLE steps (number INTEGER)")
            if name == "files":
                connection.execute("CREATE TABLE files (blob_key TEXT)")
            connection.commit()
    return Installation(DataDir(tmp_path), databases, tmp_path / "blobs")


@contextmanager
def one_after_the_other(installation: Installation) -> Iterator[None]:
    """A writer that commits each step to the first database, then to the second, then to the third with its blob, and
    takes the blob of the step before away again, record first."""
    stop = threading.Event()

    def write() -> None:
        connections = [
            sqlite3.connect(path, isolation_level=None, timeout=30) for path in installation.databases.values()
        ]
        number = 0
        while not stop.is_set():
            number += 1
            blob = installation.blobs / f"{number % 7}" / f"blob-{number}"
            blob.parent.mkdir(parents=True, exist_ok=True)
            blob.write_bytes(b"%d" % number)
            for connection in connections:
                connection.execute("INSERT INTO steps VALUES (?)", (number,))
            connections[-1].execute("INSERT INTO files VALUES (?)", (blob.relative_to(installation.blobs).as_posix(),))
            former = installation.blobs / f"{(number - 1) % 7}" / f"blob-{number - 1}"
            key = former.relative_to(installation.blobs).as_posix()
            connections[-1].execute("DELETE FROM files WHERE blob_key = ?", (key,))
            former.unlink(missing_ok=True)
        for connection in connections:
            connection.close()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_a_moment_is_one_for_all_databases_while_they_are_written(installation: Installation, tmp_path: Path) -> None:
    with one_after_the_other(installation):
        for attempt in range(20):
            with moment_of(installation) as moment:
                found = []
                for name in NAMES:
                    copy = tmp_path / f"{attempt}-{name}"
                    moment.copy_database(name, copy)
                    with closing(sqlite3.connect(copy)) as connection:
                        (count,) = connection.execute("SELECT count(*) FROM steps").fetchone()
                    found.append(count)
                assert moment.lost_blobs == []
                for key in moment.blob_keys:
                    assert (moment.blobs / key).read_bytes() == key.partition("-")[2].encode()
            assert found[0] - found[-1] in (0, 1), "a later database is ahead of an earlier one, or far behind"
            assert found == sorted(found, reverse=True)
    assert not list(tmp_path.glob(".backup-*"))


def test_a_blob_that_is_gone_is_told_and_the_rest_is_kept(installation: Installation) -> None:
    installation.blobs.mkdir()
    (installation.blobs / "kept").write_bytes(b"kept")
    with closing(sqlite3.connect(installation.databases["files"])) as connection:
        connection.executemany("INSERT INTO files VALUES (?)", [("kept",), ("gone",)])
        connection.commit()
    with moment_of(installation) as moment:
        assert (moment.blob_keys, moment.lost_blobs) == (["kept"], ["gone"])


def test_a_database_that_stays_locked_is_named(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.backups.moment._LOCK_TIMEOUT_S", 0.05)
    with closing(sqlite3.connect(installation.databases["second"], isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(BusyError, match="second"), moment_of(installation):
            pytest.fail("nobody holds this moment")
    with moment_of(installation) as moment:
        assert moment.blob_keys == []
