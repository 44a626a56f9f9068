"""Private files: written whole or not at all, readable by their owner only."""

import json
import os
import secrets
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

SECRET_BYTES: Final = 24


def write_private(path: Path, text: str) -> None:
    """Replace `path` by `text` in one step, with mode 0600, so that no reader sees half of it."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except OSError:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


def read_text(path: Path) -> str | None:
    """Return what the file holds, or None if there is no such file."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object in `path`; an absent or torn file reads as an empty one."""
    try:
        value = json.loads(read_text(path) or "{}")
    except json.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write `value` as indented JSON, privately."""
    write_private(path, json.dumps(value, indent=2) + "\n")


def remembered_secret(path: Path) -> str:
    """Return the secret kept in `path`, made up (URL-safe) the first time."""
    kept = (read_text(path) or "").strip()
    if kept:
        return kept
    made = secrets.token_urlsafe(SECRET_BYTES)
    write_private(path, made + "\n")
    return made
