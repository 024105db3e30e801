"""The tables of a calibration: values, counts beside the curve, and the curve day by day."""

import pyarrow as pa

from meter_sim.calibration.calibration import LEVELS, Calibration, Compared, Estimate
from meter_sim.local_time import date_of

PLACES = 4
"""Decimal places of percentages: a ten-thousandth of a percentage point."""


def percent(share: float) -> float:
    """A share of 1 in percent."""
    return round(100 * share, PLACES)


def curve_table(calibration: Calibration) -> pa.Table:
    """One row a local day: the curve and the ends of its bands, in percent of the meters in scope."""
    first = calibration.subject.first_day
    columns = {
        "date": pa.array([date_of(first + day).isoformat() for day in range(len(calibration.curve))], pa.string()),
        "percent": pa.array([percent(share) for share in calibration.curve.tolist()], pa.float64()),
    }
    for band in calibration.bands:
        for name, values in (("low", band.low), ("high", band.high)):
            column = [percent(share) for share in values.tolist()]
            columns[f"{name}_{100 * band.level:.0f}"] = pa.array(column, pa.float64())
    return pa.table(columns)


def count_row(each: Compared) -> dict[str, object]:
    """A count beside the curve, in percent and percentage points."""
    row: dict[str, object] = {
        "date": each.point.date,
        "observed": percent(each.point.share),
        "within": percent(each.point.within),
        "curve": percent(each.curve),
        "residual": percent(each.residual),
        "fitted": "yes" if each.is_fitted else "no",
    }
    for level in LEVELS:
        name = f"{100 * level:.0f}"
        row |= {f"low_{name}": percent(each.lows[level]), f"high_{name}": percent(each.highs[level])}
        row[f"inside_{name}"] = "yes" if each.is_inside(level) else "no"
    return row


def value_row(each: Estimate) -> dict[str, object]:
    """A fitted value with its interval, in its own unit."""
    return {
        "path": each.parameter.path,
        "value": each.value,
        "low": each.low,
        "high": each.high,
        "unit": each.parameter.unit.strip(),
        "not_told": each.verdict,
    }
