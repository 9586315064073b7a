"""As whom, and with which socket folder, PostgreSQL can run in a data folder.

PostgreSQL refuses root. This finds a way that adds no user to the system and changes no folder's
mode, whether the caller is root or not.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# A Unix socket's path holds 107 bytes and a NUL; PostgreSQL names the file after its port.
SOCKET_DIR_BYTES = 107 - len("/.s.PGSQL.5432")
PLAIN_PATH_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-")
NOBODY = 65534
PROBE = 'test -r "$0" && test -w "$0" && test -x "$0" && exec "$1" --version'


class CannotRun(Exception):
    """PostgreSQL cannot be run here, and the message says why."""


@dataclass(frozen=True)
class Runner:
    """One way to run it: a command prefix, Popen arguments, and who owns the files then."""

    uid: int
    gid: int
    prefix: tuple[str, ...] = ()
    popen: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def label(self) -> str:
        return "a user namespace" if self.prefix else f"uid {self.uid}"

    def own(self, *paths: Path) -> None:
        """Make the runner the owner of these paths, and of all in a cluster that changes hands."""
        if os.geteuid() != 0:
            return
        for path in paths:
            if path.lstat().st_uid != self.uid:
                below = path.rglob("*") if path.name == "cluster" else ()
                for each in (path, *below):
                    os.chown(each, self.uid, self.gid, follow_symlinks=False)


def runners(data_dir: Path) -> Iterator[Runner]:
    """Yield the ways to run PostgreSQL in this folder, best first.

    Root becomes whoever owns the folder already; else enters a user namespace, where it keeps its
    files and folders but none of its powers; else becomes the owner of a folder above, or nobody.
    """
    if os.geteuid() != 0:
        yield Runner(os.geteuid(), os.getegid())
        return
    owners = [(path.stat().st_uid, path.stat().st_gid) for path in (data_dir, *data_dir.parents)]
    near = [switched(*owner) for owner in owners[:2] if owner[0] != 0]
    far = [switched(*owner) for owner in owners[2:] if owner[0] != 0]
    yield from near[:1]
    if unshare := shutil.which("unshare"):
        yield Runner(0, 0, (unshare, "--user", "--map-user=1", "--map-group=1", "--"))
    yield from far[:1]
    yield switched(NOBODY, NOBODY)


def switched(uid: int, gid: int) -> Runner:
    return Runner(uid, gid, popen={"user": uid, "group": gid, "extra_groups": []})


def choose_runner(data_dir: Path, bin_dir: Path) -> Runner:
    """Return the first way that can enter and write the folder and execute the binaries.

    Afterwards the folder and what is in it belong to that owner, and nothing outside of it has
    changed. Raises CannotRun with every way tried.
    """
    tried: list[str] = []
    for runner in runners(data_dir):
        runner.own(data_dir)
        command = [*runner.prefix, "/bin/sh", "-c", PROBE, str(data_dir), str(bin_dir / "postgres")]
        try:
            answer = subprocess.run(  # noqa: S603 - our own command
                command, capture_output=True, text=True, timeout=30, cwd="/", **runner.popen
            )
        except (OSError, subprocess.SubprocessError) as error:
            tried.append(f"{runner.label}: {error}")
            continue
        if answer.returncode == 0:
            runner.own(*data_dir.iterdir())
            return runner
        tried.append(f"{runner.label}: {answer.stderr.strip() or 'cannot enter or write the folder'}")
    raise CannotRun(
        f"PostgreSQL cannot be run in {data_dir} ({'; '.join(tried)}). "
        "Run as an ordinary user, choose another MARKETPLACE_VAR_DIR, or set DATABASE_URL."
    )


def socket_dir(data_dir: Path, runner: Runner) -> Path:
    """Return a private folder whose socket path is short and plain, and record it in `socket_dir`.

    The folder is in the data folder when that fits, else a fresh temporary one.
    """
    chosen = data_dir / "socket"
    if fits(chosen):
        chosen.mkdir(mode=0o700, exist_ok=True)
    else:
        places = (tempfile.gettempdir(), "/tmp", "/var/tmp")  # noqa: S108 - mkdtemp makes it private
        place = next((place for place in places if fits(Path(place) / "marketplace-12345678")), None)
        if place is None:
            raise CannotRun(f"no folder has a path short enough for a socket, from {chosen} to /tmp")
        chosen = Path(tempfile.mkdtemp(prefix="marketplace-", dir=place))
    runner.own(chosen)
    (data_dir / "socket_dir").write_text(str(chosen))
    return chosen


def fits(folder: Path) -> bool:
    return len(os.fsencode(folder)) <= SOCKET_DIR_BYTES and PLAIN_PATH_CHARACTERS.issuperset(str(folder))
