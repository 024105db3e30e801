"""How much a run keeps of what happens at each meter."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Union

from meter_sim.distribution import NEVER, Chance, happens
from meter_sim.draws import Purpose, draw


class Detail(StrEnum):
    """Which events are kept."""

    ALL = "all"
    REFUSALS = "refusals"
    """Entries that the meter refused and issues and sales that the vending side refused."""
    NONE = "none"


LEVELS = {Detail.NONE: 0, Detail.REFUSALS: 1, Detail.ALL: 2}
"""The levels as numbers, as columns of connections hold them."""


@dataclass(frozen=True, slots=True)
class Keep:
    """Which events are kept of meters that are not listed by themselves; of those that are, all.

    `level` is what is kept of most, `share` the share of which all is kept whatever it says, by a draw of each
    connection; `traced` are names of meters of which all is kept.
    """

    level: Detail = Detail.ALL
    share: Chance = NEVER
    traced: frozenset[str] = frozenset()

    @classmethod
    def of(cls, detail: Union["Keep", Detail]) -> "Keep":
        """What is meant by a level alone."""
        return detail if isinstance(detail, Keep) else cls(detail)

    def level_of(self, connection: int, name: str, seed: int) -> int:
        """The level of a meter that is not listed: 0 none, 1 refusals, 2 all."""
        sampled = self.share != NEVER and happens(self.share, draw(seed, Purpose.SAMPLE, connection, 0))
        return LEVELS[Detail.ALL if sampled or name in self.traced else self.level]


NO_EVENTS = Keep(Detail.NONE)
MOST_KEPT = 1_000_000
"""Meter-days of a run of which every event is kept unless something else is asked for."""


def fitting(wanted: Keep | None, meter_days: int) -> Keep:
    """What is asked for, or all events of a small run and the refusals of a large one."""
    if wanted is not None:
        return wanted
    return Keep(Detail.ALL if meter_days <= MOST_KEPT else Detail.REFUSALS)
