"""Reports as files: whole or not there."""

import csv
import os
import tempfile
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from arb.backtest.result.document import COLUMNS
from arb.domain.errors import ConfigError


def write_trades(path: Path, document: Mapping[str, Any]) -> None:
    """Write the trades as CSV. Raises: ConfigError."""
    text = StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(document["trades"])
    write_text(path, text.getvalue())


def write_text(path: Path, text: str) -> None:
    """Replace a file by this text. Raises: ConfigError."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Replace a file by these bytes. Raises: ConfigError."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written ({error.strerror})") from None
