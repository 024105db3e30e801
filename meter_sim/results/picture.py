"""Pictures as PNG files: the same bytes for the same figure, complete or not there."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def write_figure(draw: Callable[[], "Figure"], path: Path) -> None:
    """Draw a figure and write it as PNG."""
    draft = path.with_name(f".{path.name}.part")
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph .* missing")  # a name in a script that the font lacks
            draw().savefig(draft, format="png", metadata={"Software": None})
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
