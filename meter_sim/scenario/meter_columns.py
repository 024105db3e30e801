"""Meters at the start as columns: a record of fixed size each, instead of an object.

What many meters share (models, loads, kinds of customer, areas, supply groups) stands once in `MeterKinds`; a record
has places in it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from meter_sim.meter.load import LoadProfile
from meter_sim.meter.model import MeterModel
from meter_sim.people.customer import Customer, NeverBuys
from meter_sim.scenario.scenario import DrawerToken, MeterSetup, Scenario
from meter_sim.sts.identity import KeyType, MeterPan
from meter_sim.sts.token import Service
from meter_sim.vending.secure_module import MeterRecord

T = TypeVar("T")

SETUP = np.dtype(
    [
        ("connection", "i8"),
        ("pan", "u8"),
        ("true_pan", "u8"),
        ("load_share", "i8"),
        ("credit", "i8"),
        ("other", "i8"),
        ("drawer_issued_at", "i8"),
        ("drawer_enter_at", "i8"),
        ("drawer_tenths", "i8"),
        ("manufacture_tid", "i4"),
        ("tid_latest", "i4"),
        ("tid_spacing", "i4"),
        ("model", "i2"),
        ("load", "i2"),
        ("customer", "i2"),
        ("area", "i2"),
        ("group", "i2"),
        ("true_group", "i2"),
        ("revision", "u1"),
        ("tariff", "u1"),
        ("true_revision", "u1"),
        ("true_tariff", "u1"),
        ("key_type", "u1"),
        ("key_expiry", "u1"),
        ("has_truth", "?"),
        ("dead", "?"),
        ("listed", "?"),
    ],
    align=True,
)
"""A `MeterSetup` as a record: its fields under their names.

PANs are their 18 digits as a number. `pan`, `group`, `revision` and `tariff` are the record's, those with `true_` what
the meter holds, which is the record's unless `has_truth`. `model`, `load`, `customer` (-1: none), `area` (-1: none)
and the supply groups are places in `MeterKinds`. `other` is what the first register holds of a model without
electricity, in its unit. `tid_latest` is -1 where the TID store has no history, `drawer_tenths` 0 where no token lies
in a drawer.
"""

Setups = NDArray[np.void]
"""Records of `SETUP`."""


@dataclass(frozen=True, slots=True)
class MeterKinds:
    """What the meters of a run share. A model that takes no key change is one of its own."""

    models: tuple[MeterModel, ...]
    loads: tuple[LoadProfile, ...]
    customers: tuple[Customer, ...]
    areas: tuple[str, ...]
    supply_groups: tuple[str, ...]


def kinds_of(scenario: Scenario) -> MeterKinds:
    """The kinds of a scenario's meters: its population's first, in their order, then those of the others.

    The model of the programme's replacement meters is one of them.
    """
    drawn = None if scenario.population is None else scenario.population.kinds
    models = Places[MeterModel](() if drawn is None else drawn.models)
    loads = Places[LoadProfile](() if drawn is None else drawn.loads)
    customers = Places[Customer](() if drawn is None else drawn.customers)
    for meter in scenario.meters:
        models.add(meter.model)
        loads.add(meter.load)
        if meter.customer is not None:
            customers.add(meter.customer)
    if scenario.programme is not None and scenario.programme.replacement is not None:
        models.add(scenario.programme.replacement)
    return MeterKinds(
        models.known,
        loads.known,
        customers.known,
        tuple(area.name for area in scenario.areas),
        tuple(dict.fromkeys(key.supply_group for key in scenario.vending_keys)),
    )


def columns_of(meters: Sequence[MeterSetup], kinds: MeterKinds) -> Setups:
    """The meters as records of `SETUP`, in their order. Raises ValueError for a kind that is not there."""
    models, loads, customers = Places(kinds.models), Places(kinds.loads), Places(kinds.customers)
    areas = {"": -1} | {name: place for place, name in enumerate(kinds.areas)}
    groups = {name: place for place, name in enumerate(kinds.supply_groups)}
    columns = np.zeros(len(meters), SETUP)
    for place, meter in enumerate(meters):
        record, truth, drawer = meter.record, meter.truth or meter.record, meter.drawer
        values: dict[str, Any] = {
            "connection": meter.connection,
            "pan": int(record.pan.digits),
            "true_pan": int(truth.pan.digits),
            "load_share": meter.load_share,
            "credit": meter.credit,
            "other": _other(meter),
            "drawer_issued_at": 0 if drawer is None else drawer.issued_at,
            "drawer_enter_at": 0 if drawer is None else drawer.enter_at,
            "drawer_tenths": 0 if drawer is None else drawer.tenths,
            "manufacture_tid": meter.manufacture_tid,
            "tid_latest": -1 if meter.tid_latest is None else meter.tid_latest,
            "tid_spacing": meter.tid_spacing,
            "model": models.place(meter.model),
            "load": loads.place(meter.load),
            "customer": -1 if meter.customer is None else customers.place(meter.customer),
            "area": areas[meter.area],
            "group": groups[record.supply_group],
            "true_group": groups[truth.supply_group],
            "revision": record.key_revision,
            "tariff": int(record.tariff_index),
            "true_revision": truth.key_revision,
            "true_tariff": int(truth.tariff_index),
            "key_type": int(meter.key_type),
            "key_expiry": meter.key_expiry,
            "has_truth": truth != record,
            "dead": meter.dead,
            "listed": meter.listed,
        }
        columns[place] = tuple(values[name] for name in SETUP.names or ())
    return columns


def _other(meter: MeterSetup) -> int:
    """What the first register holds of a meter without electricity, in its unit."""
    services = meter.model.services
    return 0 if Service.ELECTRICITY in services else dict(meter.registers).get(services[0], 0)


def drawn_meter(setup: np.void, kinds: MeterKinds) -> MeterSetup:
    """The meter of a population's record; those that are listed have more than a record says."""
    of = {name: int(setup[name]) for name in SETUP.names or ()}
    model = kinds.models[of["model"]]
    customer = None if of["customer"] < 0 else kinds.customers[of["customer"]]
    ea = model.encryption
    record = MeterRecord(_pan(of["pan"]), ea, kinds.supply_groups[of["group"]], of["revision"], f"{of['tariff']:02d}")
    truth = MeterRecord(
        _pan(of["true_pan"]), ea, kinds.supply_groups[of["true_group"]], of["true_revision"], f"{of['true_tariff']:02d}"
    )
    without = Service.ELECTRICITY in model.services or customer is None or customer.never is NeverBuys.BLOCKED
    return MeterSetup(
        name=f"m{of['connection']}",
        connection=of["connection"],
        record=record,
        key_type=KeyType(of["key_type"]),
        key_expiry=of["key_expiry"],
        model=model,
        credit=of["credit"],
        registers=() if without else ((model.services[0], of["other"]),),
        manufacture_tid=of["manufacture_tid"],
        load=kinds.loads[of["load"]],
        customer=customer,
        area="" if of["area"] < 0 else kinds.areas[of["area"]],
        listed=bool(of["listed"]),
        load_share=of["load_share"],
        truth=truth if of["has_truth"] else None,
        dead=bool(of["dead"]),
        tid_latest=None if of["tid_latest"] < 0 else of["tid_latest"],
        tid_spacing=of["tid_spacing"],
        drawer=DrawerToken(of["drawer_issued_at"], of["drawer_enter_at"], of["drawer_tenths"])
        if of["drawer_tenths"]
        else None,
    )


def _pan(number: int) -> MeterPan:
    return MeterPan(f"{number:018d}")


class Places(Generic[T]):
    """Values with their places; equal ones have the same. An object that was seen is not compared again."""

    def __init__(self, values: Iterable[T] = ()) -> None:
        self._places: dict[T, int] = {}
        self._seen: dict[int, tuple[T, int]] = {}
        for value in values:
            self.add(value)

    @property
    def known(self) -> tuple[T, ...]:
        """The values in order of their places."""
        return tuple(self._places)

    def add(self, value: T) -> int:
        """The place of a value, which is taken in if it is new."""
        if id(value) not in self._seen:
            self._seen[id(value)] = value, self._places.setdefault(value, len(self._places))
        return self._seen[id(value)][1]

    def place(self, value: T) -> int:
        """The place of a value. Raises ValueError where it is not known."""
        if id(value) not in self._seen and value not in self._places:
            raise ValueError(f"{value!r} is none of the kinds")
        return self.add(value)
