"""How much a run keeps of what happens at each meter."""

from enum import StrEnum


class Detail(StrEnum):
    """Which events are kept."""

    ALL = "all"
    REFUSALS = "refusals"
    """Entries that the meter refused and issues and sales that the vending side refused."""
    NONE = "none"


MOST_KEPT = 1_000_000
"""Meter-days of a run of which every event is kept unless something else is asked for."""


def fitting(wanted: Detail | None, meter_days: int) -> Detail:
    """What is asked for, or all events of a small run and the refusals of a large one."""
    if wanted is not None:
        return wanted
    return Detail.ALL if meter_days <= MOST_KEPT else Detail.REFUSALS
