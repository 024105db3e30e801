"""How pictures look: colours for every eye, with a line style, a marker or a hatch that tells the same in grey.

The colours are those of Okabe and Ito, which people of every kind of colour vision tell apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypedDict

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from meter_sim.meter.answer import Status

BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
INK, GREY, PALE = "#222222", "#6E6E6E", "#DDDDDD"

LineStyle = str | tuple[float, tuple[float, ...]]

WIDTH = 11.0
"""Inches that a picture is wide."""
_DOTS_PER_INCH = 110


@dataclass(frozen=True, slots=True)
class Look:
    """How one thing is drawn, as a line or as a bar."""

    colour: str
    line: LineStyle = "-"
    hatch: str = ""


LOOKS = (
    Look(BLUE, "-", ""),
    Look(ORANGE, "--", "///"),
    Look(GREEN, "-.", "..."),
    Look(VERMILION, (0, (1, 1)), "xxx"),
    Look(SKY, (0, (6, 1.5, 1, 1.5, 1, 1.5)), "\\\\\\"),
    Look(PURPLE, (0, (1, 3)), "ooo"),
    Look(YELLOW, (0, (9, 3)), "+++"),
    Look(GREY, (0, (3, 5)), "---"),
)
"""Looks of things that stand side by side, in order."""


def panels(title: str, heights: Sequence[float], *, share_x: bool = True) -> tuple[Figure, list[Axes]]:
    """A figure of panels below each other, of so many inches each."""
    figure = Figure(figsize=(WIDTH, sum(heights) + 1.0), layout="constrained", dpi=_DOTS_PER_INCH)
    axes = figure.subplots(len(heights), 1, sharex=share_x, squeeze=False, gridspec_kw={"height_ratios": heights})
    figure.suptitle(title, fontsize=13, fontweight="bold", parse_math=False)
    for axis in axes[:, 0]:
        axis.grid(axis="y", alpha=0.25)
        axis.set_axisbelow(True)
        axis.spines[["top", "right"]].set_visible(False)
    return figure, list(axes[:, 0])


def legend(axis: Axes, title: str, *, gap: float = 0.0) -> None:
    """What is drawn, to the right of a panel (after a gap, in its widths); "none" in a panel in which nothing is."""
    handles, labels = axis.get_legend_handles_labels()
    if not handles:
        axis.text(0.5, 0.5, "none", transform=axis.transAxes, ha="center", va="center", color=GREY)
        return
    box = axis.legend(
        handles,
        labels,
        title=title,
        loc="upper left",
        bbox_to_anchor=(1.0 + gap, 1.0),
        frameon=False,
        fontsize=9,
        title_fontsize=9,
        alignment="left",
        handlelength=3.0,
    )
    for text in box.get_texts():
        text.set_parse_math(False)


def mark(axis: Axes, place: float, note: str = "", *, line: int = 0) -> None:
    """A broken line at an instant; its note stands before it above the panel, in a line of notes (0 is the lowest)."""
    axis.axvline(place, color=INK, linewidth=1.1, linestyle=(0, (4, 2)), zorder=1.5)
    if note:
        axis.annotate(
            note,
            (place, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(-3, 3 + 12 * line),
            textcoords="offset points",
            ha="right",
            va="bottom",
            fontsize=9,
            parse_math=False,
        )


def from_zero(axis: Axes, greatest: float, *, whole: bool = True) -> None:
    """A vertical axis from 0 to somewhat above the greatest value, with round ticks."""
    axis.set_ylim(0, greatest * 1.06 or 1)
    axis.yaxis.set_major_locator(MaxNLocator(5, integer=whole, steps=[1, 2, 5, 10]))
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))


class MarkerOptions(TypedDict):
    """How matplotlib draws marks without a line."""

    marker: str
    color: str
    markersize: float
    markeredgecolor: str
    markeredgewidth: float
    linestyle: Literal["none"]
    zorder: float


def _marker(colour: str, shape: str, *, accepted: bool = False) -> MarkerOptions:
    """Accepted entries are small and in front, so that a refusal at the same place is seen around them."""
    return MarkerOptions(
        marker=shape,
        color=colour,
        markersize=6.0 if accepted else 10.0,
        markeredgecolor="white",
        markeredgewidth=0.6,
        linestyle="none",
        zorder=4.0 if accepted else 3.0,
    )


_ACCEPTED = {status.standard_name for status in Status if status.accepted}
_MARKERS = {
    Status.ACCEPT.standard_name: _marker(GREEN, "o", accepted=True),
    Status.CRC.standard_name: _marker(VERMILION, "X"),
    Status.OLD.standard_name: _marker(ORANGE, "v"),
    Status.USED.standard_name: _marker(PURPLE, "D"),
}
_SECTION, _OTHER = _marker(SKY, "o", accepted=True), _marker(INK, "s")


def marker_of(result: str) -> MarkerOptions:
    """The marker of entries with this result; sections of a key change share one, and so do rare refusals."""
    return _MARKERS.get(result, _SECTION if result in _ACCEPTED else _OTHER)


def is_accepted(result: str) -> bool:
    """Whether a result says that the meter took the token."""
    return result in _ACCEPTED
