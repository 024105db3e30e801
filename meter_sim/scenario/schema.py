"""What a scenario file may say. Each class is a mapping of the file, each field a key, with its default.

Names within the file (a meter's load, a timeline's meter) are checked where the values are put together, in
`reader.py`.
"""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from meter_sim.meter.credit import WS_PER_KWH
from meter_sim.meter.models import BUILT_IN as BUILT_IN_MODELS
from meter_sim.scenario.fields import (
    Date,
    Duration,
    Energy,
    Flag,
    Model,
    Name,
    Offset,
    Percentage,
    Power,
    RegisterAmount,
    Text,
    Time,
    entries,
    nearest,
    one_of,
    positive,
    read_by,
    whole,
    wrong,
)
from meter_sim.scenario.quantities import GREATEST_BOUGHT
from meter_sim.scenario.schema_area import AreaSpec
from meter_sim.scenario.schema_customer import CustomerSpec
from meter_sim.scenario.schema_experiment import Overrides, Scenarios, Sweeps
from meter_sim.scenario.schema_programme import CostsSpec, PopulationSpec, ProgrammeSpec
from meter_sim.scenario.schema_timeline import Action
from meter_sim.scenario.standard_fields import (
    BaseDateYear,
    DkgaCode,
    EncryptionName,
    KeyExpiry,
    KeyRevision,
    KeyTypeName,
    MakerCode,
    Pan,
    ServiceName,
    SupplyGroup,
    TariffIndex,
)
from meter_sim.sts.identity import GREATEST_KEN, Encryption, KeyType
from meter_sim.vending.point_of_sale import AfterLastMinute

VERSION = 1
"""Version of the scenario language."""
HIDDEN_KEY = "hidden: given in hex"
"""What a resolved scenario says in place of a vending key given in hex."""

GREATEST_MEAN = 1000 * WS_PER_KWH
"""Watt-seconds a day of a load, at most."""

Month = Annotated[int, whole(1, 12)]
Weight = Annotated[int, whole(0, 1 << 40)]

_KEYPAD = BUILT_IN_MODELS["keypad"]


class VendingKeySpec(Model):
    """A vending key of a supply group."""

    key_revision: KeyRevision
    base_date: BaseDateYear
    dkga: DkgaCode
    key: Annotated[str, Field(repr=False), BeforeValidator(lambda value: _key_text(value))]
    key_type: KeyTypeName = KeyType.DUTK
    key_expiry: KeyExpiry = GREATEST_KEN
    issue_from: Time | None = None
    issue_until: Time | None = None


def _key_text(value: object) -> str:
    if not isinstance(value, str):
        raise wrong("a vending key is test:old, test:new or a string of hex digits")
    if value == HIDDEN_KEY:
        raise wrong("the vending key was left out of this resolved scenario, put it in again")
    return str(value)


class SupplyGroupSpec(Model):
    """A supply group: its vending keys."""

    vending_keys: Annotated[tuple[VendingKeySpec, ...], entries(1)]


class LockoutSpec(Model):
    """The keypad's lock-out after wrong entries."""

    after: Annotated[int, whole(0, 1000)] = _KEYPAD.lockout_after
    first: Duration = _KEYPAD.lockout_first
    longest: Duration = _KEYPAD.lockout_longest


class MeterModelSpec(Model):
    """A kind of meter; what is left out is as in the built-in model that it is based on."""

    based_on: Name = "keypad"
    encryption: EncryptionName = _KEYPAD.encryption
    kcts: Annotated[int, whole(2, 4)] = _KEYPAD.kcts
    services: Annotated[tuple[ServiceName, ...], entries(1), AfterValidator(lambda names: _unique(names))] = (
        _KEYPAD.services
    )
    extended_functions: Annotated[
        tuple[Annotated[int, whole(0, 63)], ...], AfterValidator(lambda functions: _unique(functions))
    ] = _KEYPAD.extended_functions
    tid_store: Annotated[int, whole(1, 10_000)] = _KEYPAD.tid_store
    kct_timeout: Annotated[Duration, positive("a time-out")] = _KEYPAD.kct_timeout
    lockout: LockoutSpec = LockoutSpec()
    digit_timeout: Duration = _KEYPAD.digit_timeout
    credit_cap: Energy = _KEYPAD.credit_cap
    register_cap: Annotated[int, whole(1, GREATEST_BOUGHT)] = _KEYPAD.register_cap
    currency_cap: Annotated[int, whole(1, GREATEST_BOUGHT)] = _KEYPAD.currency_cap
    enforce_key_expiry: Flag = _KEYPAD.enforce_key_expiry
    phases: Annotated[int, read_by(lambda text: _phases(text), "1 or 3")] = _KEYPAD.phases
    greatest_limit: Power = _KEYPAD.greatest_limit
    tamper_opens_switch: Flag = _KEYPAD.tamper_opens_switch
    manufacturer: MakerCode = _KEYPAD.manufacturer
    firmware: Text = _KEYPAD.firmware
    takes_key_changes: Flag = _KEYPAD.takes_key_changes

    @model_validator(mode="after")
    def _completed(self) -> "MeterModelSpec":
        """What the file leaves out, taken from the model that it is based on."""
        if self.based_on not in BUILT_IN_MODELS:
            what = f"no built-in meter model {self.based_on!r}, {nearest(self.based_on, list(BUILT_IN_MODELS))}"
            raise wrong(what, "based_on")
        base = BUILT_IN_MODELS[self.based_on]
        left_out = set(type(self).model_fields) - self.model_fields_set - {"based_on"}
        update: dict[str, object] = {name: getattr(base, name) for name in left_out - {"lockout"}}
        of_base = {"after": base.lockout_after, "first": base.lockout_first, "longest": base.lockout_longest}
        if "lockout" not in left_out:
            of_base |= {name: getattr(self.lockout, name) for name in self.lockout.model_fields_set}
        update["lockout"] = LockoutSpec.model_construct(None, **of_base)
        if "encryption" in self.model_fields_set and "kcts" in left_out and self.encryption is not base.encryption:
            update["kcts"] = 4 if self.encryption is Encryption.EA11 else 2
        complete = self.model_copy(update=update)
        allowed = (4,) if complete.encryption is Encryption.EA11 else (2, 3)
        if complete.kcts not in allowed:
            numbers = " or ".join(map(str, allowed))
            raise wrong(f"a meter with EA{complete.encryption} supports {numbers} key change tokens", "kcts")
        return complete


def _unique(entries_given: tuple[int, ...]) -> tuple[int, ...]:
    if len(set(entries_given)) < len(entries_given):
        raise wrong("an entry stands here twice")
    return entries_given


def _phases(text: str) -> int:
    if text not in ("1", "3"):
        raise wrong(f"{text!r} is not allowed, a meter has 1 or 3 phases")
    return int(text)


class DayKindsSpec(Model):
    """24 relative weights for each kind of day."""

    workday: Annotated[tuple[Weight, ...], entries(24, 24)]
    saturday: Annotated[tuple[Weight, ...], entries(24, 24)]
    sunday: Annotated[tuple[Weight, ...], entries(24, 24)]


class HoursSpec(Model):
    """Weights of the hours in the low and the high season; a resolved scenario writes a profile out like this."""

    low: DayKindsSpec
    high: DayKindsSpec


def _once(months: tuple[int, ...]) -> tuple[int, ...]:
    if len(set(months)) < len(months):
        raise wrong("a month stands here twice")
    return months


def _mean(energy: int) -> int:
    if energy > GREATEST_MEAN:
        raise wrong("a mean is at most 1 MWh a day")
    return energy


def _variation(share: Decimal) -> Decimal:
    if share > 3:
        raise wrong("a variation is at most 300%")
    return share


class LoadSpec(Model):
    """A load: the shape of a built-in profile, of a CSV file or of `hours`, with a mean of so much a day."""

    profile: Literal["township", "informal", "rural", "flat"] | None = None
    csv: Text | None = None
    hours: HoursSpec | None = None
    mean: Annotated[Energy, AfterValidator(_mean)] | None = None
    variation: Annotated[Percentage, AfterValidator(_variation)] | None = None
    high_season: Annotated[tuple[Month, ...], AfterValidator(_once)] = (6, 7, 8)

    @model_validator(mode="before")
    @classmethod
    def _known_profile(cls, data: object) -> object:
        if isinstance(data, dict) and "profile" in data:
            allowed = ["township", "informal", "rural", "flat"]
            if data["profile"] not in allowed:
                raise wrong(f"no built-in profile, {nearest(str(data['profile']), allowed)}", "profile")
            data = data | {"profile": str(data["profile"])}
        return data

    @model_validator(mode="after")
    def _one_shape(self) -> "LoadSpec":
        if sum(shape is not None for shape in (self.profile, self.csv, self.hours)) != 1:
            raise wrong("give the shape by one of profile, csv or hours")
        if self.profile is None and self.mean is None:
            raise wrong("give the mean energy of a day, such as mean: 8 kWh")
        return self


class PointOfSaleSpec(Model):
    """A point of sale: its clock, its TID list, and what it does after a base date's last minute."""

    clock_offset: Offset = 0
    shared_tid_list: Flag = True
    after_last_minute: Annotated[AfterLastMinute, one_of(AfterLastMinute)] = AfterLastMinute.REFUSE


class PointsOfSaleSpec(Model):
    """Points of sale by name; `force_rollover` overrides the rollover bit of every key change."""

    model_config = ConfigDict(frozen=True, extra="allow", hide_input_in_errors=True)
    __pydantic_extra__: dict[Name, PointOfSaleSpec] = Field(init=False)

    force_rollover: Flag | None = None

    @model_validator(mode="before")
    @classmethod
    def _named_or_forced(cls, data: object) -> object:
        for key, value in data.items() if isinstance(data, dict) else ():
            if key != "force_rollover" and value is not None and not isinstance(value, dict | PointOfSaleSpec):
                raise wrong(f"a mapping is needed, or the key force_rollover, not {key}", str(key))
        return data

    @property
    def named(self) -> dict[str, PointOfSaleSpec]:
        """The points of sale by name; one called main where the file names none."""
        return dict(self.__pydantic_extra__ or {}) or {"main": PointOfSaleSpec()}


class MeterSpec(Model):
    """A meter at a supply point, and what the vending side's register says of it (which is true at the start)."""

    name: Name
    pan: Pan
    supply_group: SupplyGroup
    key_revision: KeyRevision
    tariff_index: TariffIndex = "01"
    encryption: EncryptionName | None = None
    key_expiry: KeyExpiry | None = None
    model: Name | None = None
    credit: Energy = 0
    registers: dict[ServiceName, RegisterAmount] = Field(default_factory=dict)
    load: Name | None = None
    customer: Name | None = None
    area: Name | None = None
    connection: Annotated[int, whole(0, 0xFFFFFFFF)] | None = None
    manufactured: Time | None = None


class ScenarioSpec(Model):
    """A scenario file."""

    version: Annotated[int, whole(VERSION, VERSION)] = VERSION
    name: Text
    start: Time
    end: Time
    timezone: Text = "UTC"
    seed: Annotated[int, whole(0, (1 << 64) - 1)] = 1
    readings_every: Annotated[Duration, positive("the time between readings")] = 3600
    supply_groups: dict[SupplyGroup, SupplyGroupSpec]
    points_of_sale: PointsOfSaleSpec = PointsOfSaleSpec()
    meter_models: dict[Name, MeterModelSpec] = Field(default_factory=dict)
    loads: dict[Name, LoadSpec] = Field(default_factory=dict)
    customers: dict[Name, CustomerSpec] = Field(default_factory=dict)
    meters: tuple[MeterSpec, ...] = ()
    holidays: tuple[Date, ...] = ()
    areas: dict[Name, AreaSpec] = Field(default_factory=dict)
    population: PopulationSpec | None = None
    programme: ProgrammeSpec | None = None
    costs: CostsSpec = CostsSpec()
    timeline: tuple[Action, ...] = ()
    tables: dict[Text, tuple[Annotated[int, whole(-(1 << 62), 1 << 62)], ...]] = Field(default_factory=dict)
    overrides: Overrides = Field(default_factory=dict, repr=False)
    scenarios: Scenarios = Field(default_factory=dict)
    sweeps: Sweeps = Field(default_factory=dict)

    @model_validator(mode="after")
    def _somebody(self) -> "ScenarioSpec":
        if not self.meters and self.population is None:
            raise wrong("give meters or a population")
        return self


BUILT_IN_LOADS = {
    name: LoadSpec.model_validate({"profile": name, "mean": mean, "variation": variation})
    for name, mean, variation in (
        ("township", "12.2 kWh", "20%"),
        ("informal", "3.8 kWh", "25%"),
        ("rural", "2.5 kWh", "25%"),
        ("flat", "10 kWh", "0%"),
    )
} | {"none": LoadSpec.model_validate({"profile": "flat", "mean": "0 kWh", "variation": "0%"})}
"""Loads that need no entry under `loads`. The means are those of published surveys of such homes; `flat` and how days
differ are our own choice (G)."""
