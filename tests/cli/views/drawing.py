"""What a person would see."""

import io

from rich.console import Console, RenderableType


def drawn(renderable: RenderableType, width: int = 140) -> str:
    """Return what a terminal of this width shows."""
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    console.print(renderable)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]
