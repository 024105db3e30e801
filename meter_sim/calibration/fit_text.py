"""A calibration or forecast in a few lines for the terminal."""

from collections.abc import Iterator

from meter_sim.calibration.calibration import LEVEL, LEVELS, Calibration, Errors
from meter_sim.calibration.forecast import Forecast
from meter_sim.local_time import date_of


def fit_lines(calibration: Calibration, forecast: Forecast | None = None) -> Iterator[str]:
    """The fitted values with their intervals, the counts beside the curve, the errors, the outcomes of a forecast."""
    subject, choices = calibration.subject, calibration.choices
    how = "" if calibration.converged else ", stopped there; --evaluations allows more"
    yield (
        f"{subject.title}: {subject.meters:,} meters, count {subject.count}, {calibration.evaluations} sets of values "
        f"with {choices.seeds} runs each{how}"
    )
    width = max(len(each.parameter.path) for each in calibration.estimates)
    unit_free = f"{100 * LEVEL:.0f} % interval"
    yield f"{'fitted':<{width}}  {'value':>12}  {unit_free:>24}"
    for each in calibration.estimates:
        ends = f"{each.low:.4g} to {each.high:.4g}{each.parameter.unit}"
        verdict = f"  {each.verdict}" if each.verdict else ""
        yield f"{each.parameter.path:<{width}}  {each.text:>12}  {ends:>24}{verdict}"
    yield f"{'count of':<12} {'observed':>9} {'curve':>9} {'residual':>9}  {'band of 95 %':>18}"
    for one in calibration.compared:
        band = f"{100 * one.lows[LEVELS[-1]]:.1f} to {100 * one.highs[LEVELS[-1]]:.1f} %"
        held = "" if one.is_fitted else "  held back" + ("" if one.is_inside(LEVELS[-1]) else ", outside")
        yield (
            f"{one.point.date:<12} {100 * one.point.share:>7.1f} % {100 * one.curve:>7.1f} % "
            f"{100 * one.residual:>+9.1f}  {band:>18}{held}"
        )
    for name, several in (("fitted", calibration.fitted), ("held back", calibration.held_back)):
        yield from _errors(name, Errors.of(several))
    if forecast is not None:
        yield from _outcomes(forecast)


def _errors(name: str, errors: Errors) -> Iterator[str]:
    if errors.root_mean_square is not None:
        yield (
            f"{name}: {errors.points} counts, root mean square error {errors.root_mean_square:.2f}, greatest "
            f"{errors.greatest:.2f} percentage points"
        )


def _outcomes(forecast: Forecast) -> Iterator[str]:
    bands = ", ".join(
        f"{100 * low:.1f} to {100 * high:.1f} % ({100 * level:.0f} %)"
        for level, (low, high) in forecast.intervals.items()
    )
    yield f"on {date_of(forecast.deadline)}: {100 * forecast.mean:.1f} % of the meters in scope; {bands}"
    number = len(forecast.calibration.held_back)
    if number:
        inside = ", ".join(f"{forecast.inside(level)} in the band of {100 * level:.0f} %" for level in LEVELS)
        yield f"of {number} counts that were held back: {inside}"
