"""The picture of the TID's years: how 24 bits of minutes run from each base date, and where a run and its keys lie."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from meter_sim.local_time import DAY
from meter_sim.results.plots.kept_scenario import KeptKey, KeptScenario
from meter_sim.results.plots.look import BLUE, GREEN, INK, ORANGE, SKY, Look, legend, panels
from meter_sim.results.plots.meter_story import span_of
from meter_sim.sts.tid import GREATEST, BaseDate

if TYPE_CHECKING:
    from meter_sim.results.result import Result

FIRST_YEAR, LAST_YEAR = 1993, 2056
MOST_KEYS = 16
"""Vending keys that have a bar; of more, the first ones."""
_LOOKS = {
    BaseDate.Y1993: Look(BLUE, "-", ""),
    BaseDate.Y2014: Look(ORANGE, "--", "///"),
    BaseDate.Y2035: Look(GREEN, "-.", "..."),
}
_MILLION = 1_000_000


def tid_years(result: "Result") -> Figure:
    """TIDs over the years 1993 to 2056 (UTC) under the base dates 1993, 2014 and 2035, with their last minutes.

    Below is a bar for each vending key of the scenario: from its base date or the begin of its issuing to its last TID
    or the end of its issuing. The run's span is marked in both panels. Raises PictureError if the scenario in the
    result cannot be read.
    """
    scenario = KeptScenario(result)
    keys = scenario.keys[:MOST_KEYS]
    figure, (above, below) = panels(str(result.summary["scenario"]), [4.0, 0.6 + 0.3 * len(keys)])
    for base in BaseDate:
        _draw_base(above, base)
    above.axhline(GREATEST / _MILLION, color=INK, linewidth=0.8, linestyle=":")
    above.annotate(
        f"last TID, {GREATEST:,}",
        (_year(FIRST_YEAR), GREATEST / _MILLION),
        xytext=(4, 3),
        textcoords="offset points",
        fontsize=9,
    )
    above.set_ylabel("TID, million minutes since the base date")
    above.set_ylim(0, GREATEST / _MILLION * 1.22)
    _draw_keys(below, keys)
    if len(keys) < len(scenario.keys):
        below.set_title(f"the first {len(keys)} of {len(scenario.keys)} vending keys", fontsize=9, loc="left")
    start, end = (instant / DAY for instant in span_of(result))
    for axis in (above, below):
        axis.axvspan(
            start, end, color=SKY, alpha=0.45, linewidth=0, zorder=0.5, label="the run" if axis is above else ""
        )
        axis.axvline(start, color=INK, linewidth=0.8)
        axis.axvline(end, color=INK, linewidth=0.8)
    legend(above, "base dates")
    years = range(FIRST_YEAR, LAST_YEAR + 1, 7)  # each base date is among them
    below.set_xticks([_year(year) for year in years], [str(year) for year in years])
    below.set_xlim(_year(FIRST_YEAR), _year(LAST_YEAR + 1))
    below.set_xlabel("1 January of the year, UTC")
    return figure


def _draw_base(axis: Axes, base: BaseDate) -> None:
    look = _LOOKS[base]
    first, last = base.minute * 60 / DAY, (base.first_impossible - 60) / DAY
    axis.plot(
        [first, last],
        [0, GREATEST / _MILLION],
        color=look.colour,
        linestyle=look.line,
        linewidth=2.0,
        label=f"1 January {base.value} 00:00",
    )
    axis.plot([first], [0], marker="o", color=look.colour, linestyle="none", clip_on=False)
    if last <= _year(LAST_YEAR + 1):
        axis.plot([last], [GREATEST / _MILLION], marker="X", markersize=9, color=look.colour, linestyle="none")
        instant = datetime.fromtimestamp(base.first_impossible - 60, UTC)
        axis.annotate(
            f"base {base.value} ends\n{instant.day} {instant:%b %Y %H:%M} UTC",
            (last, GREATEST / _MILLION),
            xytext=(0, 7),
            textcoords="offset points",
            ha="center",
            fontsize=9,
            bbox={"facecolor": "white", "alpha": 0.85, "edgecolor": "none", "pad": 1.0},
        )


def _draw_keys(axis: Axes, keys: tuple[KeptKey, ...]) -> None:
    for height, key in enumerate(keys):
        look = _LOOKS[key.base_date]
        first = max(key.base_date.minute * 60, key.issue_from or 0) / DAY
        last = min(key.base_date.first_impossible, key.issue_until or key.base_date.first_impossible) / DAY
        axis.barh(
            height,
            last - first,
            0.6,
            first,
            color=look.colour,
            hatch=look.hatch,
            edgecolor="white",
            linewidth=0.4,
            alpha=0.85,
        )
    axis.set_yticks(range(len(keys)), [f"{key.supply_group}, KRN {key.key_revision}" for key in keys], parse_math=False)
    axis.set_ylim(len(keys) - 0.4, -0.6)
    axis.set_ylabel("vending keys")
    axis.grid(visible=False)


def _year(year: int) -> float:
    return datetime(year, 1, 1, tzinfo=UTC).timestamp() / DAY
