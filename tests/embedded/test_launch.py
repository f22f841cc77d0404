"""The embedded servers come up, keep what was written, and never outlive their launcher."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from slider import embedded
from slider.embedded import children
from slider.embedded import folder as state
from tests.embedded.conftest import Launcher


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[embedded.Running]:
    with embedded.servers(tmp_path_factory.mktemp("state")) as started:
        yield started


def setting(connection: psycopg.Connection, name: str) -> str:
    row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
    assert row is not None
    return str(row[0])


def wait_until(condition: Callable[[], bool], *, limit_s: float = 20.0) -> bool:
    end = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def none_alive(pids: Iterable[int]) -> bool:
    return not any(is_alive(pid) for pid in pids)


def is_alive(pid: int) -> bool:
    try:
        state_letter = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state_letter != "Z"


def test_the_settings_that_the_promises_need_are_on(running: embedded.Running) -> None:
    with psycopg.connect(running.database_url) as connection:
        found = {name: setting(connection, name) for name in ("synchronous_commit", "fsync", "full_page_writes")}
    assert found == {"synchronous_commit": "on", "fsync": "on", "full_page_writes": "on"}


def test_no_alter_system_can_take_fsync_away(running: embedded.Running) -> None:
    with psycopg.connect(running.database_url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
        row = connection.execute("SELECT source FROM pg_settings WHERE name = 'fsync'").fetchone()
        connection.execute("ALTER SYSTEM RESET fsync")
        assert row == ("command line",)
        assert setting(connection, "fsync") == "on"


def test_neither_server_listens_on_tcp(running: embedded.Running) -> None:
    with psycopg.connect(running.database_url) as connection:
        assert setting(connection, "listen_addresses") == ""
    with redis.Redis.from_url(running.redis_url) as client:
        assert client.config_get("port") == {"port": "0"}


def test_only_the_owner_may_enter_the_sockets_folder(running: embedded.Running) -> None:
    with redis.Redis.from_url(running.redis_url) as client:
        socket = Path(client.config_get("unixsocket")["unixsocket"])
    assert socket.parent.stat().st_mode & 0o777 == 0o700


def test_a_server_that_is_given_is_not_started(tmp_path: Path, running: embedded.Running) -> None:
    with embedded.servers(tmp_path, database_url=running.database_url) as other:
        assert other.postgres is None
        assert other.database_url == running.database_url
        with redis.Redis.from_url(other.redis_url) as client:
            assert client.ping()
    assert not (tmp_path / "pg").exists()


def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    with embedded.servers(tmp_path) as (database_url, _), psycopg.connect(database_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
        connection.commit()
    with embedded.servers(tmp_path) as (database_url, _), psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)


def test_a_long_path_works(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120)
    try:
        with embedded.servers(deep, durable=False) as (database_url, redis_url):
            psycopg.connect(database_url).close()
            with redis.Redis.from_url(redis_url) as client:
                assert client.ping()
    finally:
        shutil.rmtree(state.socket_folder(deep))


def test_after_kill_9_of_the_launcher_nothing_is_left(tmp_path: Path, launch: Callable[[Path], Launcher]) -> None:
    launcher = launch(tmp_path)
    family = [launcher.redis_pid, *state.living_in(tmp_path / "pg")]
    assert launcher.postgres_pid in family
    assert len(family) > 3, "PostgreSQL's background processes were expected in the cluster"
    launcher.process.kill()
    assert wait_until(lambda: none_alive(family))


def test_it_starts_again_right_after_kill_9_of_launcher_and_server(
    tmp_path: Path, launch: Callable[[Path], Launcher]
) -> None:
    launcher = launch(tmp_path)
    with psycopg.connect(embedded.addresses(tmp_path).database_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    launcher.process.kill()
    os.kill(launcher.postgres_pid, signal.SIGKILL)
    launcher.process.wait()
    with embedded.servers(tmp_path) as (database_url, _), psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)


def test_a_lock_file_whose_process_id_went_to_somebody_else_is_cleared(tmp_path: Path) -> None:
    with embedded.servers(tmp_path, durable=False):
        lines = (tmp_path / "pg" / "postmaster.pid").read_text().splitlines()
    (tmp_path / "pg" / "postmaster.pid").write_text("\n".join([str(os.getppid()), *lines[1:]]) + "\n")
    with embedded.servers(tmp_path, durable=False) as (database_url, _):
        psycopg.connect(database_url).close()


def test_a_second_launcher_is_refused_and_harms_nothing(tmp_path: Path, launch: Callable[[Path], Launcher]) -> None:
    launcher = launch(tmp_path)
    with (
        pytest.raises(embedded.EmbeddedError, match=f"process {launcher.process.pid} runs its servers"),
        embedded.servers(tmp_path),
    ):
        pass
    psycopg.connect(embedded.addresses(tmp_path).database_url).close()


def test_a_half_made_cluster_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "pg" / "base").mkdir(parents=True)
    (tmp_path / "pg" / "postgresql.conf").write_text("half")
    with embedded.servers(tmp_path, durable=False) as (database_url, _):
        psycopg.connect(database_url).close()


def test_a_server_that_cannot_start_shows_the_end_of_its_log(tmp_path: Path) -> None:
    with embedded.servers(tmp_path, durable=False):
        pass
    (tmp_path / "pg" / "postgresql.conf").write_text("no_such_setting = 1\n")
    with (
        pytest.raises(embedded.EmbeddedError, match=r"(?s)did not come up.*postgres\.log.*no_such_setting"),
        embedded.servers(tmp_path, durable=False),
    ):
        pass


def test_a_fallen_server_is_named(tmp_path: Path) -> None:
    with embedded.servers(tmp_path, durable=False) as running:
        assert running.fallen() is None
        assert running.redis is not None
        running.redis.process.kill()
        running.redis.process.wait()
        fallen = running.fallen()
        assert fallen is running.redis
        assert "Redis ended with signal SIGKILL" in fallen.obituary()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has an identity to drop")
def test_where_namespaces_are_refused_root_becomes_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path("/tmp") / f"slider-nobody-{os.getpid()}"  # pytest's own folders are closed to nobody
    real = subprocess.run

    def refuse_namespaces(command: list[str], **rest: object) -> object:
        if "namespace" in command:
            return subprocess.CompletedProcess(command, returncode=1)
        return real(command, **rest)  # type: ignore[call-overload]  # handed through as it came

    with embedded.servers(folder, durable=False):
        pass
    monkeypatch.setattr(subprocess, "run", refuse_namespaces)
    try:
        with embedded.servers(folder, durable=False) as running:
            assert running.postgres is not None
            owner = Path(f"/proc/{running.postgres.pid}").stat().st_uid
            psycopg.connect(running.database_url).close()
        assert owner == (folder / "pg").stat().st_uid != 0
        monkeypatch.undo()
        with embedded.servers(folder, durable=False) as (database_url, _):
            psycopg.connect(database_url).close()
        assert (folder / "pg").stat().st_uid == 0
    finally:
        shutil.rmtree(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has an identity to drop")
def test_it_says_which_folder_nobody_may_not_enter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    refused = subprocess.CompletedProcess[bytes]([], returncode=1)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: refused)
    with (
        pytest.raises(embedded.EmbeddedError, match=r"`nobody` may not enter .*DATABASE_URL"),
        embedded.servers(closed / "state"),
    ):
        pass


def test_the_tail_of_a_missing_log_says_so(tmp_path: Path) -> None:
    assert "wrote nothing" in children.tail(tmp_path / "none.log")


def test_forgetting_removes_all_that_was_kept(tmp_path: Path) -> None:
    with embedded.servers(tmp_path, durable=False):
        pass
    embedded.forget(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_forgetting_refuses_while_the_servers_run(tmp_path: Path, launch: Callable[[Path], Launcher]) -> None:
    launch(tmp_path)
    with pytest.raises(embedded.EmbeddedError, match="already in use"):
        embedded.forget(tmp_path)
    psycopg.connect(embedded.addresses(tmp_path).database_url).close()


def test_forgetting_refuses_a_folder_with_something_of_somebody_elses(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(embedded.EmbeddedError, match=r"thesis\.txt.*Nothing was removed"):
        embedded.forget(tmp_path)
    assert (tmp_path / "thesis.txt").exists()
