"""The TID store: what keeps a token from crediting twice (IEC 62055-41, TID checking)."""

from bisect import bisect_left, insort
from collections.abc import Sequence

from meter_sim.meter.answer import ValidationResult
from meter_sim.sts.tid import GREATEST, MINUTES_A_DAY, BaseDate, minute_of


def history(size: int, manufacture_tid: int, latest: int, spacing: int) -> tuple[int, ...]:
    """A store's TIDs, smallest first, after a purchase each `spacing` minutes up to `latest`."""
    return tuple(max(latest - place * spacing, manufacture_tid) for place in range(size - 1, -1, -1))


def made_the_day_before(now: int, base_date: BaseDate) -> int:
    """The TID of manufacture of a meter that is put up at an instant (seconds, UTC) (G)."""
    return min(max(minute_of(now) - MINUTES_A_DAY - base_date.minute, 0), GREATEST)


class TidStore:
    """The greatest TIDs that were accepted; always full (C for the rule and the fill, G for the size of 50).

    A new meter is filled with the TID of its manufacture, after a rollover key change with zeros.
    """

    def __init__(self, size: int, fill: int) -> None:
        self._tids = [fill] * size

    @property
    def tids(self) -> tuple[int, ...]:
        """The stored TIDs, smallest first."""
        return tuple(self._tids)

    @property
    def smallest(self) -> int:
        """The TID below which every token is Old."""
        return self._tids[0]

    def check(self, tid: int) -> ValidationResult:
        """Old below the smallest entry, Used if it is one, else Valid."""
        if tid < self._tids[0]:
            return ValidationResult.OLD
        place = bisect_left(self._tids, tid)
        if place < len(self._tids) and self._tids[place] == tid:
            return ValidationResult.USED
        return ValidationResult.VALID

    def add(self, tid: int) -> None:
        """Store an accepted TID in place of the smallest."""
        del self._tids[0]
        insort(self._tids, tid)

    def load(self, tids: Sequence[int]) -> None:
        """Set the whole store, smallest first, as it is after years of use."""
        self._tids = list(tids)

    def fill(self, tid: int) -> None:
        """Set every entry, as a rollover key change does with zero."""
        self._tids = [tid] * len(self._tids)
