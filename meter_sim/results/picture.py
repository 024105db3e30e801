"""Pictures as files: the same bytes for the same figure, complete or not there."""

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    Drawing = Callable[[], Figure]
    """Draws a picture when it is called."""

_METADATA: Mapping[str, Mapping[str, None]] = {
    "png": {"Software": None},
    "svg": {"Creator": None, "Date": None},
    "pdf": {"Creator": None, "Producer": None, "CreationDate": None},
}
"""What matplotlib would write of itself and of the time, left out."""
FORMATS = tuple(_METADATA)
"""Endings of the files that pictures can be written as."""


def write_figure(draw: "Drawing", path: Path) -> None:
    """Draw a figure and write it as PNG, SVG or PDF, as the path ends; an earlier file is replaced.

    Raises OSError if it cannot be written, KeyError for another ending.
    """
    from matplotlib import rc_context

    kind = path.suffix.lower().removeprefix(".")
    metadata = dict(_METADATA[kind])
    draft = path.with_name(f".{path.name}.part")
    try:
        with warnings.catch_warnings(), rc_context({"svg.hashsalt": "meter_sim"}):
            warnings.filterwarnings("ignore", message="Glyph .* missing")  # a name in a script that the font lacks
            draw().savefig(draft, format=kind, metadata=metadata)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
