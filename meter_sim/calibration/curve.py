"""The curve of a run: day by day the share of the meters in scope that counts as migrated."""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from meter_sim.calibration.observed import Point
from meter_sim.programme import RegisterState, TrueState
from meter_sim.results.area_counts import AreaCounts
from meter_sim.results.area_day import column

Shares = NDArray[np.float64]


class Count(StrEnum):
    """What counts as migrated."""

    REGISTER = "register"
    """The register holds the new key: key change tokens were handed out, whatever became of them."""
    CONFIRMED = "confirmed"
    """It bought under the new key since, or a crew reported it done."""
    TRUE = "true"
    """The meter holds the new key."""


_MIGRATED = {
    Count.REGISTER: (
        column("register", RegisterState.ISSUED),
        column("register", RegisterState.PRESUMED),
    ),
    Count.CONFIRMED: (column("register", RegisterState.PRESUMED),),
    Count.TRUE: (column("true", TrueState.NEW),),
}
_IN_SCOPE = tuple(column("register", state) for state in RegisterState if state is not RegisterState.OUT_OF_SCOPE)


def shares_of(counts: AreaCounts, count: Count) -> Shares:
    """Of each local day's closing, all areas together: migrated of in scope, of 1; 0 where nothing is in scope.

    In scope are the records that the programme is to change; what a register counts includes records of meters that
    are not there, until they are struck off.
    """
    in_scope = _sum(counts, _IN_SCOPE)
    if count is not Count.TRUE:
        in_scope = in_scope + _sum(counts, ("dead_records",))
    migrated = _sum(counts, _MIGRATED[count])
    return np.divide(migrated, in_scope, out=np.zeros(len(in_scope)), where=in_scope > 0)


def _sum(counts: AreaCounts, names: tuple[str, ...]) -> Shares:
    total: Shares = sum((counts.column(name).sum(axis=1) for name in names), np.zeros(len(counts.dates)))
    return total


def at_points(curve: Shares, first_day: int, points: tuple[Point, ...]) -> Shares:
    """What a curve says at each point: at the day's closing, or the mean over the days of its month or year."""
    return np.array([curve[point.first - first_day : point.last - first_day + 1].mean() for point in points])
