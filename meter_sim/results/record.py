"""What a run leaves behind: events, days, readings and expectations, as rows of whole numbers and words.

Times are seconds (UTC), energies watt-seconds. The field names are the column names of the tables.
"""

from dataclasses import dataclass
from enum import StrEnum

from meter_sim.results.area_day import AreaDay
from meter_sim.results.outcome import Outcome


class EventKind(StrEnum):
    """What happened."""

    PURCHASE = "purchase"
    REPRINT = "reprint"
    FREE_UNITS = "free units"
    LENT = "units lent"
    TOKEN_REPLACED = "token replaced"
    SALE_REFUSED = "sale refused"
    KEY_CHANGE_ISSUED = "key change issued"
    KEY_CHANGE_WAITING = "key change waiting"
    ORDER_ISSUED = "order issued"
    ISSUE_REFUSED = "issue refused"
    ENTRY = "entry"
    KEY_CHANGED = "key changed"
    CREDIT_ENDED = "credit ended"
    HELD = "held"
    """A token that lies in a drawer when the run begins."""
    MESSAGE = "message"
    VISIT = "visit"
    HELP = "help"
    REPLACED = "meter replaced"
    CORRECTED = "register corrected"
    SUPPLY_OFF = "supply off"
    SUPPLY_ON = "supply on"
    POWER_OFF = "power off"
    POWER_ON = "power on"
    TAMPERED = "tampered"
    LIMIT_BINDS = "limit binds"
    LIMIT_CEASES = "limit ceases"
    OBSERVATION = "observation"


@dataclass(frozen=True, slots=True)
class Event:
    """One row of the event log; the state columns are those that the event leaves behind."""

    time: int
    connection: int
    meter: str
    event: EventKind
    label: str
    digits: str
    says: str
    result: str
    status: int | None
    reason: str
    display: str
    credited_ws: int
    register_ws: int
    switch: str
    key_revision: int
    presumed_key_revision: int
    point_of_sale: str


@dataclass(frozen=True, slots=True)
class Day:
    """One connection's local day, or the part of it that lies in the run.

    `entries` counts the entries by result, in the order of `Status` from Accept on. Seconds without supply are booked
    to power, tamper or credit; `unserved_ws` is what the household asked for and did not get.
    """

    date: str
    connection: int
    meter: str
    register_start_ws: int
    credited_ws: int
    used_ws: int
    cleared_ws: int
    removed_ws: int
    register_end_ws: int
    unserved_ws: int
    off_credit_s: int
    off_tamper_s: int
    off_power_s: int
    purchases: int
    bought_tenths: int
    key_revision: int
    presumed_key_revision: int
    pending_sections: int
    entries: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """The registers of a meter at an instant."""

    time: int
    connection: int
    meter: str
    register_ws: int
    used_ws: int


@dataclass(frozen=True, slots=True)
class Finding:
    """An expectation and what came of it; `failure` is empty where it was met. `place` is its path in the file."""

    where: str
    place: str
    failure: str


@dataclass(frozen=True, slots=True)
class MeterTotals:
    """One supply point over the run; initial + credited = used + register + cleared + removed, to the watt-second.

    `removed_ws` is what was left on the registers of meters that were replaced.

    `registers` are what registers of services other than electricity hold at the end, by name, in the unit of each.
    """

    meter: str
    connection: int
    initial_ws: int
    credited_ws: int
    used_ws: int
    cleared_ws: int
    removed_ws: int
    register_ws: int
    unserved_ws: int
    off_credit_s: int
    off_tamper_s: int
    off_power_s: int
    key_revision: int
    key_type: str
    tariff_index: str
    presumed_key_revision: int
    pending_sections: int
    tokens_not_entered: tuple[str, ...]
    registers: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Record:
    """All rows of a run, sorted by (time, connection, order of happening).

    `unlisted_entries` counts the entries at meters that are not listed by themselves, in the order of `Status`.
    `area_days` come in the order of days and of areas in the file; `outcome` is None in a run without areas.
    """

    events: tuple[Event, ...]
    days: tuple[Day, ...]
    area_days: tuple[AreaDay, ...]
    readings: tuple[Reading, ...]
    totals: tuple[MeterTotals, ...]
    findings: tuple[Finding, ...]
    unlisted_entries: tuple[int, ...]
    outcome: Outcome | None
