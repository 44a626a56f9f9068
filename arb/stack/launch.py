"""Become another program, after arranging to be told when the parent dies.

    python -I -S launch.py [--user NAME] [--signal NAME] [--directory PATH] -- command ...

Run by path and without site-packages, so that it costs some milliseconds. The kernel sends
`--signal` when the parent is gone, even by kill -9 (prctl(2), PR_SET_PDEATHSIG; Linux only), so
that nothing outlives its supervisor. That is asked for after the change of user, which would
clear it; everything is imported before, since that user may not be able to read this Python.
"""

import argparse
import ctypes
import os
import pwd
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def become_user(name: str) -> None:
    """Drop from root to `name` for good."""
    entry = pwd.getpwnam(name)
    if os.geteuid() == entry.pw_uid:
        return
    os.initgroups(name, entry.pw_gid)
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
    os.environ.update(HOME=entry.pw_dir, USER=name, LOGNAME=name)


def die_with_parent(libc: ctypes.CDLL, number: int, parent: int) -> None:
    """Ask for `number` when the parent dies; leave at once if it already has."""
    if sys.platform != "linux":
        return
    libc.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the parent died during the start")


def main() -> None:
    """Set user, directory and parent-death signal by the arguments, and become the program."""
    parent = os.getppid()
    libc = ctypes.CDLL(None)
    parser = argparse.ArgumentParser(prog="launch")
    parser.add_argument("--user")
    parser.add_argument("--signal", default="TERM")
    parser.add_argument("--directory")
    parser.add_argument("command", nargs="+")
    arguments = parser.parse_args()
    if arguments.directory:
        os.chdir(arguments.directory)
    if arguments.user:
        become_user(arguments.user)
    die_with_parent(libc, signal.Signals[f"SIG{arguments.signal}"].value, parent)
    os.execvp(arguments.command[0], arguments.command)


if __name__ == "__main__":
    main()
