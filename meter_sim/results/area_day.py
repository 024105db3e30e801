"""A day of an area: what is counted of its meters, tokens, visits, queues and costs. One name for each column.

Energies are watt-seconds, amounts tenths of a kWh, money 1e-5 of the base currency, times seconds. `meters`,
`dead_records`, `true_*`, `register_*`, `stock` and `*_waiting` are those of the day's end, `off_*_meters` the meters
that were without supply at some time of the day; the others add up over days, but for `*_longest_*`, of which the
greatest counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from meter_sim.people.crew import VisitOutcome
from meter_sim.people.help_desk import Outcome
from meter_sim.programme import Cause, Channel, RegisterState, TrueState

ALL = "(all)"
"""The name under which all areas together stand."""


def column(prefix: str, name: StrEnum, suffix: str = "") -> str:
    """The column of a state, an outcome or a cause, such as `true_old_key` or `off_no_money_s`."""
    return f"{prefix}_{name.value.replace(' ', '_')}{suffix}"


CHANGED_BY = (*(channel.value for channel in Channel), "replaced", "help", "timeline")
"""How a meter came by its new key.

`help` is a help desk or an office that was asked about refused tokens, `timeline` an action of a listed meter.
"""
_DESKS = tuple(
    f"{desk}_{name}"
    for desk in ("help_desk", "office")
    for name in ("requests", *(outcome.value.replace(" ", "_") for outcome in Outcome), "wait_s")
)
_LONGEST = tuple(f"{desk}_longest_{name}" for desk in ("help_desk", "office") for name in ("wait_s", "queue"))
COST_PARTS = ("visits", "calls", "office_visits", "meters", "tokens", "messages", "energy_not_sold")

STATES = (
    "meters",
    "dead_records",
    *(column("true", state) for state in TrueState),
    *(column("register", state) for state in RegisterState),
    "presumed_not_changed",
    "changed_not_presumed",
    "off_meters",
    *(column("off", cause, "_meters") for cause in Cause),
    "visits_waiting",
    "replacements_waiting",
    "stock",
)
"""Columns that say how things stand at the day's end."""
FLOWS = (
    "purchases",
    "bought_tenths",
    "money",
    "free_tenths",
    "lent_tenths",
    "paid_back_tenths",
    "replaced_tokens",
    "replaced_tenths",
    "sales_refused",
    "sales_delayed",
    "tokens_issued",
    "tokens_printed",
    "messages",
    "key_changes_issued",
    "key_changes_refused",
    "corrected_records",
    "complaints",
    *(f"changed_{how}" for how in CHANGED_BY),
    "credited_ws",
    "used_ws",
    "cleared_ws",
    "removed_ws",
    "unserved_ws",
    *(column("off", cause, "_s") for cause in Cause),
    "off_tamper_s",
    "off_power_s",
    *(column("unserved", cause, "_ws") for cause in Cause),
    "visits",
    "visits_time_for",
    "appointments",
    "revisits",
    *(column("visits", outcome) for outcome in VisitOutcome),
    *_DESKS,
    *(f"cost_{part}" for part in COST_PARTS),
)
"""Columns that add up over days."""
COLUMNS = (*STATES, "register_start_ws", "register_end_ws", *FLOWS, *_LONGEST)
"""All columns of a day of an area, in order."""
LONGEST = _LONGEST


@dataclass(frozen=True, slots=True)
class AreaDay:
    """One area's local day, or the part of it that lies in the run; `entries` counts entries by result."""

    date: str
    area: str
    counts: Mapping[str, int]
    entries: tuple[int, ...]
