"""Pictures that lie within the page: drawings as SVG, or as PNG where that is much smaller."""

import base64
import io
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import matplotlib as mpl

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LARGEST_SVG = 400_000
"""Bytes above which a drawing is taken as PNG: one with many thousand points."""
_PNG_DPI = 160
_NO_METADATA = dict.fromkeys(("Date", "Creator", "Format", "Type"))


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as the address of its own bytes, with the words for who does not see it and those below it."""

    source: str
    alt: str
    caption: str
    width: int
    height: int


def picture(draw: Callable[[], "Figure"], alt: str, caption: str) -> Picture:
    """The picture of a figure: the same bytes for the same figure."""
    with warnings.catch_warnings(), mpl.rc_context({"svg.hashsalt": "meter_sim", "svg.fonttype": "path"}):
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # a name in a script that the font lacks
        figure = draw()
        content, kind = _svg(figure), "svg+xml"
        if len(content) > LARGEST_SVG:
            content, kind = _png(figure), "png"
    width, height = (round(inches * 96) for inches in figure.get_size_inches())
    address = f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"
    return Picture(address, alt, caption, width, height)


def _svg(figure: "Figure") -> bytes:
    """The drawing alone: without the document type, the comments and the description, which name addresses."""
    drawn = io.StringIO()
    figure.savefig(drawn, format="svg", metadata=_NO_METADATA)
    text = drawn.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", text, flags=re.DOTALL)
    return text[text.index("<svg") :].encode("utf-8")


def _png(figure: "Figure") -> bytes:
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=_PNG_DPI, metadata={"Software": None})
    return drawn.getvalue()
