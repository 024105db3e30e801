"""How much a run keeps of what happens at each meter."""

from enum import StrEnum


class Detail(StrEnum):
    """Which events are kept."""

    ALL = "all"
    REFUSALS = "refusals"
    """Entries that the meter refused and issues and sales that the vending side refused."""
    NONE = "none"
