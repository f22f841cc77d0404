"""One embedded PostgreSQL: create its cluster, start it safely after any end, wait until it answers."""

import os
import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psycopg

from slider.embedded import folder as state
from slider.embedded import programs
from slider.embedded.children import Child, Crew, EmbeddedError, Way, leashed, tail

START_LIMIT_S = 60.0
STOP_LIMIT_S = 15.0
ORPHAN_LIMIT_S = 20.0
CONNECTIONS = 100

# Given on the command line, so that no ALTER SYSTEM can take them away: the promises rest on them.
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "synchronous_commit": "on",
    "fsync": "on",
    "full_page_writes": "on",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# For throwaway folders: a crash of the machine may ruin them, a crash of the server may not.
THROWAWAY = {"fsync": "off", "full_page_writes": "off"}


def start(crew: Crew, folder: Path, *, durable: bool, connections: int = CONNECTIONS) -> Child:
    """Start the folder's PostgreSQL, creating its cluster and the database on the first start."""
    binaries = programs.postgres_programs()
    cluster, sockets, log = folder / "pg", state.socket_folder(folder), folder / "log" / "postgres.log"
    way = _way_for(folder, binaries)
    owner = pwd.getpwnam("nobody").pw_uid if way == "nobody" else os.geteuid()
    for place in (cluster, sockets):
        state.make_private(place, owner=owner)
    if way == "nobody":
        folder.chmod(0o711)  # passed through, not read
    if not (cluster / "PG_VERSION").exists():
        _create(cluster, binaries=binaries, way=way, log=log, durable=durable)
    _clear_stale_locks(cluster, sockets)
    settings = SETTINGS | ({} if durable else THROWAWAY) | {"unix_socket_directories": str(sockets)}
    settings["max_connections"] = str(connections)
    child = crew.start(
        [binaries / "postgres", "-D", cluster, *(f"--{name}={value}" for name, value in settings.items())],
        name="PostgreSQL",
        log=log,
        way=way,
        stop_signal=signal.SIGINT,  # fast shutdown: roll back, write a checkpoint, go
        stop_limit_s=STOP_LIMIT_S,
        orphan_signal=signal.SIGINT,
    )
    _wait_until_up(child, sockets)
    _create_database(sockets)
    return child


def _way_for(folder: Path, binaries: Path) -> Way:
    """How the server leaves root behind, which PostgreSQL insists on."""
    if os.geteuid() != 0:
        return "same"
    probe = subprocess.run(leashed(["/bin/true"], way="namespace"), capture_output=True, check=False)
    if probe.returncode == 0:
        return "namespace"
    for path in (folder, binaries):
        closed = next((parent for parent in path.parents if not parent.stat().st_mode & 0o001), None)
        if closed is not None:
            raise EmbeddedError(
                "PostgreSQL refuses to run as root, this system refuses user namespaces, and the user "
                f"`nobody` may not enter {closed} on the way to {path}. Run as an ordinary user, move Slider "
                "to a folder that all may enter, or name a server of your own in DATABASE_URL."
            )
    return "nobody"


def _create(cluster: Path, *, binaries: Path, way: Way, log: Path, durable: bool) -> None:
    """Run initdb; a cluster that was left half made is made anew."""
    command: list[str | Path] = [binaries / "initdb", "-D", cluster, "-U", state.ROLE, "-E", "UTF8"]
    command += ["--locale=C.UTF-8", "--auth=trust", "--no-instructions"]
    for remains in cluster.iterdir():
        shutil.rmtree(remains) if remains.is_dir() else remains.unlink()
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with log.open("ab") as out:
        done = subprocess.run(
            leashed(command if durable else [*command, "--no-sync"], way=way),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode != 0:
        raise EmbeddedError(
            f"PostgreSQL could not create its cluster in {cluster}. The end of {log}:\n{tail(log)}\n"
            "Is the disk full, or the folder on a file system without permissions?"
        )


def _clear_stale_locks(cluster: Path, sockets: Path) -> None:
    """Remove the lock files that a kill -9 left, once no server process lives in the cluster any more.

    Only the holder of the folder's own lock comes here, so nobody starts a server meanwhile. PostgreSQL would
    clear them itself, except where the process id in them has gone to another process or to a zombie.
    """
    end = time.monotonic() + ORPHAN_LIMIT_S
    while orphans := state.living_in(cluster.resolve()):
        if time.monotonic() > end:
            raise EmbeddedError(
                f"An earlier PostgreSQL still runs in {cluster} (process {orphans[0]}) and does not stop. "
                f"End it with `kill {orphans[0]}` and start again."
            )
        time.sleep(0.05)
    if Path("/proc/self/cwd").exists():  # elsewhere we can't tell, and leave it to PostgreSQL
        (cluster / "postmaster.pid").unlink(missing_ok=True)
        (sockets / f"{state.POSTGRES_SOCKET}.lock").unlink(missing_ok=True)


def _wait_until_up(child: Child, sockets: Path) -> None:
    end = time.monotonic() + START_LIMIT_S
    while True:
        try:
            psycopg.connect(host=str(sockets), user=state.ROLE, dbname="postgres", connect_timeout=5).close()
            return
        except psycopg.OperationalError:
            if child.has_ended():
                raise EmbeddedError(f"PostgreSQL did not come up. {child.obituary()}") from None
            if time.monotonic() > end:
                raise EmbeddedError(
                    f"PostgreSQL did not answer within {START_LIMIT_S:.0f} seconds. {child.obituary()}"
                ) from None
            time.sleep(0.02)


def _create_database(sockets: Path) -> None:
    with psycopg.connect(host=str(sockets), user=state.ROLE, dbname="postgres", autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [state.DATABASE]).fetchone()
        if known is None:
            connection.execute(f'CREATE DATABASE "{state.DATABASE}"')
