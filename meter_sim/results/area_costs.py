"""What a day of an area cost: the one rule, for whole numbers and for arrays of them."""

from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from meter_sim.meter.credit import WS_PER_KWH
from meter_sim.programme import Cause, Costs
from meter_sim.results.area_day import column

NOT_SOLD = (Cause.REFUSED, Cause.NOT_MIGRATED, Cause.NO_SALE)
"""Causes for which energy not used counts as energy not sold for the key change's sake."""
_NOT_SOLD_COLUMNS = tuple(column("unserved", cause, "_ws") for cause in NOT_SOLD)

Numbers = TypeVar("Numbers", int, NDArray[np.int64])


def costs_of(count: Callable[[str], Numbers], costs: Costs) -> dict[str, Numbers]:
    """The columns `cost_*` from the counts of a whole area's day by column, in 1e-5 of the base currency.

    Energy not sold is rounded down once for the area, so pieces of an area are added before.
    """
    first, second, third = (count(name) for name in _NOT_SOLD_COLUMNS)
    lost = first + second + third
    return {
        "cost_visits": count("visits") * costs.visit,
        "cost_calls": count("help_desk_requests") * costs.call,
        "cost_office_visits": count("office_requests") * costs.office_visit,
        "cost_meters": count("visits_replaced") * costs.meter,
        "cost_tokens": count("tokens_printed") * costs.token,
        "cost_messages": count("messages") * costs.message,
        # whole kWh and the rest apart, so that 64 bits hold each product
        "cost_energy_not_sold": lost // WS_PER_KWH * costs.kwh + lost % WS_PER_KWH * costs.kwh // WS_PER_KWH,
    }
