"""What a population is made of, as the builder of a scenario has it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from meter_sim.local_time import LocalCalendar
from meter_sim.meter.load import LoadProfile
from meter_sim.meter.model import MeterModel
from meter_sim.people.customer import Customer
from meter_sim.scenario.tables import Tables
from meter_sim.vending.secure_module import SecureModule


@dataclass(frozen=True, slots=True)
class PopulationWorld:
    """What a population is made of, as the builder has it.

    `loads` holds those of `loads_used` too. Listed meters have the connections below `first_connection` and the PANs
    `taken_pans`. `start` and `end` are the run's, in seconds.
    """

    models: Mapping[str, MeterModel]
    loads: Mapping[str, LoadProfile]
    customers: Mapping[str, Customer]
    tables: Tables
    module: SecureModule
    calendar: LocalCalendar
    start: int
    end: int
    folder: Path
    first_connection: int
    taken_pans: set[str]
