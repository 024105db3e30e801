"""What a scenario file may say. Each class is a mapping of the file, each field a key, with its default.

Names within the file (a meter's load, a timeline's meter) are checked where the values are put together, in
`reader.py`.
"""

from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, PlainSerializer, Tag, model_validator

from meter_sim.meter.answer import STATUS_BY_NAME
from meter_sim.meter.meter import ALL_REGISTERS
from meter_sim.meter.model import MeterModel
from meter_sim.scenario.fields import (
    Amount,
    Duration,
    Energy,
    Flag,
    Model,
    Name,
    Number,
    Offset,
    OrText,
    Percentage,
    Power,
    Text,
    Time,
    digit_string,
    entries,
    nearest,
    one_of,
    whole,
    wrong,
)
from meter_sim.scenario.source import Plain
from meter_sim.sts.cipher import is_built
from meter_sim.sts.dkga import Dkga, dkga_named
from meter_sim.sts.errors import NotSupported
from meter_sim.sts.identity import GREATEST_KEN, Encryption, KeyType, MeterPan, supply_group_code, tariff_index
from meter_sim.sts.tid import BaseDate
from meter_sim.vending.point_of_sale import AfterLastMinute
from meter_sim.vending.refusal import REFUSAL_NAMES

VERSION = 1
"""Version of the scenario language."""
HIDDEN_KEY = "hidden: given in hex"
"""What a resolved scenario says in place of a vending key given in hex."""

Q = TypeVar("Q")

_KEYPAD = MeterModel()


def _encryption(value: object) -> Encryption:
    names = {f"EA{ea.value}": ea for ea in Encryption}
    if value == "EA09":
        raise wrong("EA09 (DES) is deprecated, use EA07")
    if not isinstance(value, str) or str(value) not in names:
        raise wrong(f"{value!r} is not allowed, use EA07")
    if not is_built(names[str(value)]):
        raise wrong(f"{value} is not built yet, use EA07")
    return names[str(value)]


def _dkga(value: object) -> Dkga:
    try:
        return dkga_named(str(value))
    except NotSupported as error:
        raise wrong(str(error)) from None


def _pan(text: str) -> str:
    return MeterPan(text).digits


SupplyGroup = Annotated[str, digit_string(supply_group_code)]
TariffIndex = Annotated[str, digit_string(tariff_index)]
Pan = Annotated[str, digit_string(_pan)]
KeyRevision = Annotated[int, whole(1, 9)]
KeyExpiry = Annotated[int, whole(0, GREATEST_KEN)]
KeyTypeName = Annotated[KeyType, one_of(KeyType, "DITK", "DDTK", "DUTK", "DCTK"), PlainSerializer(lambda kt: kt.name)]
Month = Annotated[int, whole(1, 12)]
Weight = Annotated[int, whole(0, 1 << 40)]


class Lognormal(Model, Generic[Q]):
    """A lognormal: `median`, and `sigma`, the standard deviation of the logarithm."""

    median: Q
    sigma: Number


class Uniform(Model, Generic[Q]):
    """Every value from `least` to `greatest` alike."""

    least: Q
    greatest: Q

    @model_validator(mode="after")
    def _ordered(self) -> "Uniform[Q]":
        if self.least > self.greatest:  # type: ignore[operator]
            raise wrong("least is above greatest", "least")
        return self


class Spread(OrText, Generic[Q]):
    """A quantity that is always the same (a bare text), or drawn."""

    constant: Q | None = None
    lognormal: Lognormal[Q] | None = None
    uniform: Uniform[Q] | None = None

    @classmethod
    def short(cls) -> str:
        """A bare text is a constant."""
        return "constant"

    @model_validator(mode="after")
    def _one(self) -> "Spread[Q]":
        if len(self.model_fields_set) != 1:
            raise wrong("give one of a quantity, lognormal or uniform")
        return self


class VendingKeySpec(Model):
    """A vending key of a supply group."""

    key_revision: KeyRevision
    base_date: Annotated[BaseDate, BeforeValidator(lambda value: _base_date(value)), PlainSerializer(int)]
    dkga: Annotated[Dkga, BeforeValidator(_dkga)]
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


def _base_date(value: object) -> BaseDate:
    years = {str(base.value): base for base in BaseDate}
    if not isinstance(value, str) or str(value) not in years:
        raise wrong(f"{value!r} is not a base date, allowed are {', '.join(years)}")
    return years[str(value)]


class SupplyGroupSpec(Model):
    """A supply group: its vending keys."""

    vending_keys: Annotated[tuple[VendingKeySpec, ...], entries(1)]


class LockoutSpec(Model):
    """The keypad's lock-out after wrong entries."""

    after: Annotated[int, whole(0, 1000)] = _KEYPAD.lockout_after
    first: Duration = _KEYPAD.lockout_first
    longest: Duration = _KEYPAD.lockout_longest


class MeterModelSpec(Model):
    """A kind of meter; what is left out is as in the built-in model `keypad`."""

    tid_store: Annotated[int, whole(1, 10_000)] = _KEYPAD.tid_store
    kct_timeout: Duration = _KEYPAD.kct_timeout
    lockout: LockoutSpec = LockoutSpec()
    digit_timeout: Duration = _KEYPAD.digit_timeout
    credit_cap: Energy = _KEYPAD.credit_cap
    enforce_key_expiry: Flag = _KEYPAD.enforce_key_expiry
    phases: Annotated[int, BeforeValidator(lambda value: _phases(value))] = _KEYPAD.phases
    greatest_limit: Power = _KEYPAD.greatest_limit
    tamper_opens_switch: Flag = _KEYPAD.tamper_opens_switch
    manufacturer: Annotated[int, whole(0, 0xFFFF)] = _KEYPAD.manufacturer
    firmware: Text = _KEYPAD.firmware


def _phases(value: object) -> int:
    if value not in ("1", "3"):
        raise wrong(f"{value!r} is not allowed, a meter has 1 or 3 phases")
    return int(str(value))


class DayKindsSpec(Model):
    """24 relative weights for each kind of day."""

    workday: Annotated[tuple[Weight, ...], entries(24, 24)]
    saturday: Annotated[tuple[Weight, ...], entries(24, 24)]
    sunday: Annotated[tuple[Weight, ...], entries(24, 24)]


class HoursSpec(Model):
    """Weights of the hours in the low and the high season; a resolved scenario writes a profile out like this."""

    low: DayKindsSpec
    high: DayKindsSpec


class LoadSpec(Model):
    """A load: the shape of a built-in profile, of a CSV file or of `hours`, with a mean of so much a day."""

    profile: Literal["township", "informal", "rural", "flat"] | None = None
    csv: Text | None = None
    hours: HoursSpec | None = None
    mean: Energy | None = None
    variation: Percentage | None = None
    high_season: tuple[Month, ...] = (6, 7, 8)

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


class BuySpec(Model):
    """When a customer buys: below a level of the display, or at intervals."""

    when_below: Energy | None = None
    every: Spread[Duration] | None = None
    first: Time | None = None

    @model_validator(mode="after")
    def _one(self) -> "BuySpec":
        if (self.when_below is None) == (self.every is None):
            raise wrong("give one of when_below and every")
        if self.first is not None and self.every is None:
            raise wrong("first goes with every", "first")
        return self


class CustomerSpec(Model):
    """How one kind of customer buys and enters."""

    buy: BuySpec
    amount: Spread[Amount]
    enter_after: Spread[Duration]
    between_entries: Duration = 40
    retry_after: Duration = 86_400
    point_of_sale: Name = "main"


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
    encryption: Annotated[Encryption, BeforeValidator(_encryption), PlainSerializer(lambda ea: f"EA{ea}")] = (
        Encryption.EA07
    )
    key_expiry: KeyExpiry | None = None
    model: Name = "keypad"
    credit: Energy = 0
    load: Name = "flat"
    customer: Name | None = None
    connection: Annotated[int, whole(0, 0xFFFFFFFF)] | None = None
    manufactured: Time | None = None


RESULT_NAMES = (*STATUS_BY_NAME, "TimedOut", "NoToken")
"""What may become of an entry."""
ISSUE_NAMES = ("Issued", *REFUSAL_NAMES)
"""What may become of a request to the vending side."""


class Expect(OrText):
    """What must come of an action; a bare text is the result's name. The rest is the state that the second leaves."""

    result: Text | None = None
    credit: Energy | None = None
    switch: Literal["open", "closed"] | None = None
    key_revision: KeyRevision | None = None
    presumed_key_revision: KeyRevision | None = None
    tariff_index: TariffIndex | None = None
    pending_sections: Annotated[int, whole(0, 2)] | None = None
    display: Text | None = None

    @classmethod
    def short(cls) -> str:
        """A bare text is the result's name."""
        return "result"

    @model_validator(mode="before")
    @classmethod
    def _switch(cls, data: object) -> object:
        if isinstance(data, dict) and "switch" in data:
            if data["switch"] not in ("open", "closed"):
                raise wrong(f"{data['switch']!r} is not allowed, write open or closed", "switch")
            data = data | {"switch": str(data["switch"])}
        return data

    @model_validator(mode="after")
    def _not_empty(self) -> "Expect":
        if not self.model_fields_set:
            raise wrong(f"nothing is expected, give one of {', '.join(type(self).model_fields)}")
        return self


class ActionSpec(Model):
    """What every action has: when, at which meter, and what must come of it."""

    at: Time
    meter: Name
    expect: Expect | None = None

    def check_result(self, allowed: tuple[str, ...]) -> None:
        """Refuse an expected result that this action cannot have."""
        result = self.expect.result if self.expect else None
        if result is not None and result not in allowed:
            detail = nearest(result, list(allowed)) if allowed else "expect a state, such as {switch: open}"
            raise wrong(f"{result!r} is no result of this action, {detail}", "expect")
        if self.expect and self.expect.display is not None and not set(allowed) & set(RESULT_NAMES):
            raise wrong("this action shows nothing on the display", "expect")


class Buy(ActionSpec):
    """Buy an amount; with `enter_after` the tokens are entered, and the result is that of the credit token."""

    buy: Amount
    label: Annotated[Name | None, Field(alias="as")] = None
    enter_after: Duration | None = None
    between_entries: Duration = 40
    point_of_sale: Name = "main"
    reserved_minute: Flag = False

    @model_validator(mode="after")
    def _check(self) -> "Buy":
        self.check_result(ISSUE_NAMES if self.enter_after is None else RESULT_NAMES + ISSUE_NAMES[1:])
        return self


class ChangeKeyTo(Model):
    """What the meter is to hold: key revision, and what else changes."""

    to: KeyRevision
    supply_group: SupplyGroup | None = None
    tariff_index: TariffIndex | None = None
    key_expiry: KeyExpiry | None = None
    with_purchase: Flag = False


class ChangeKey(ActionSpec):
    """Issue key change tokens, now or with the meter's next purchase."""

    change_key: ChangeKeyTo
    label: Annotated[Name | None, Field(alias="as")] = None
    point_of_sale: Name = "main"

    @model_validator(mode="after")
    def _check(self) -> "ChangeKey":
        if self.change_key.with_purchase and self.label is not None:
            raise wrong("sections that come with a purchase are named after it (NAME.kct.1), leave this out", "as")
        self.check_result(("Waiting",) if self.change_key.with_purchase else ISSUE_NAMES)
        return self


class Enter(ActionSpec):
    """Enter a token by its name in this timeline, or any text of digits."""

    enter: Annotated[str, BeforeValidator(lambda value: _entry(value))]
    digit_every: Duration = 0

    @model_validator(mode="after")
    def _check(self) -> "Enter":
        self.check_result(RESULT_NAMES)
        return self


def _entry(value: object) -> str:
    if isinstance(value, Plain) and value[:1].isdigit():
        raise wrong(f'a digit string must stand in quotes: "{value}"')
    if not isinstance(value, str) or not value:
        raise wrong("the name of a token of this timeline, or digits in quotes, is needed")
    return str(value)


class PowerCycle(ActionSpec):
    """The supply fails for a while; the result is the state in which it returns."""

    power_cycle: Duration

    @model_validator(mode="after")
    def _check(self) -> "PowerCycle":
        if self.power_cycle == 0:
            raise wrong("the supply must be away for at least 1 s", "power_cycle")
        self.check_result(())
        return self


class Tamper(ActionSpec):
    """Somebody tampers with the meter; the text says how."""

    tamper: Text

    @model_validator(mode="after")
    def _check(self) -> "Tamper":
        self.check_result(())
        return self


class Observe(ActionSpec):
    """Look at the meter; the text says what for."""

    observe: Text

    @model_validator(mode="after")
    def _check(self) -> "Observe":
        self.check_result(())
        return self


METER_TESTS = {
    "all": 0,
    "load_switch": 1,
    "display": 2,
    "total": 3,
    "key_revision": 4,
    "tariff_index": 5,
    "keypad": 6,
    "power_limit": 7,
    "tamper": 8,
    "power": 9,
    "firmware": 10,
    "unbalance_limit": 11,
    "encryption": 14,
    "key_change_tokens": 15,
    "supply_group": 16,
    "key_expiry": 17,
    "drn": 18,
}
"""Meter tests by name, and their numbers."""
CLEAR_REGISTERS = {"electricity": 0, "all": ALL_REGISTERS}


class ManageOrder(Model):
    """One management or test token."""

    test: Text | None = None
    power_limit: Power | None = None
    unbalance_limit: Power | None = None
    clear_credit: Text | None = None
    clear_tamper: Flag | None = None

    @model_validator(mode="after")
    def _one(self) -> "ManageOrder":
        if len(self.model_fields_set) != 1 or self.clear_tamper is False:
            raise wrong(f"give one of {', '.join(type(self).model_fields)}; clear_tamper only as true")
        if self.test is not None and self.test not in METER_TESTS:
            raise wrong(f"{self.test!r} is no meter test, {nearest(self.test, list(METER_TESTS))}", "test")
        if self.clear_credit is not None and self.clear_credit not in CLEAR_REGISTERS:
            raise wrong(
                f"{self.clear_credit!r} is no register, {nearest(self.clear_credit, list(CLEAR_REGISTERS))}",
                "clear_credit",
            )
        return self


class Manage(ActionSpec):
    """Issue a management or test token and enter it in the same second, or later."""

    manage: ManageOrder
    label: Annotated[Name | None, Field(alias="as")] = None
    enter_after: Duration = 0
    point_of_sale: Name = "main"
    reserved_minute: Flag = False

    @model_validator(mode="after")
    def _check(self) -> "Manage":
        self.check_result(RESULT_NAMES + ISSUE_NAMES[1:])
        return self


VERBS: dict[str, type[ActionSpec]] = {
    "buy": Buy,
    "change_key": ChangeKey,
    "enter": Enter,
    "power_cycle": PowerCycle,
    "tamper": Tamper,
    "manage": Manage,
    "observe": Observe,
}


def _verb(value: object) -> str | None:
    if isinstance(value, ActionSpec):
        return next(verb for verb, kind in VERBS.items() if isinstance(value, kind))
    verbs = [verb for verb in VERBS if isinstance(value, dict) and verb in value]
    return verbs[0] if len(verbs) == 1 else None


Action = Annotated[
    Annotated[Buy, Tag("buy")]
    | Annotated[ChangeKey, Tag("change_key")]
    | Annotated[Enter, Tag("enter")]
    | Annotated[PowerCycle, Tag("power_cycle")]
    | Annotated[Tamper, Tag("tamper")]
    | Annotated[Manage, Tag("manage")]
    | Annotated[Observe, Tag("observe")],
    Discriminator(
        _verb,
        custom_error_type="scenario",
        custom_error_message=f"an action has exactly one of the keys {', '.join(VERBS)}",
        custom_error_context={"what": f"an action has exactly one of the keys {', '.join(VERBS)}", "key": ""},
    ),
]


class ScenarioSpec(Model):
    """A scenario file."""

    version: Annotated[int, whole(VERSION, VERSION)] = VERSION
    name: Text
    start: Time
    end: Time
    timezone: Text = "UTC"
    seed: Annotated[int, whole(0, (1 << 64) - 1)] = 1
    readings_every: Duration = 3600
    supply_groups: dict[SupplyGroup, SupplyGroupSpec]
    points_of_sale: PointsOfSaleSpec = PointsOfSaleSpec()
    meter_models: dict[Name, MeterModelSpec] = Field(default_factory=dict)
    loads: dict[Name, LoadSpec] = Field(default_factory=dict)
    customers: dict[Name, CustomerSpec] = Field(default_factory=dict)
    meters: Annotated[tuple[MeterSpec, ...], entries(1)]
    timeline: tuple[Action, ...] = ()
    tables: dict[Text, tuple[Annotated[int, whole(-(1 << 62), 1 << 62)], ...]] = Field(default_factory=dict)


BUILT_IN_LOADS = {
    name: LoadSpec.model_validate({"profile": name, "mean": mean, "variation": variation})
    for name, mean, variation in (
        ("township", "12.2 kWh", "20%"),
        ("informal", "3.8 kWh", "25%"),
        ("rural", "2.5 kWh", "25%"),
        ("flat", "10 kWh", "0%"),
    )
}
"""Loads that need no entry under `loads`. The means are those of published surveys of such homes; `flat` and how days
differ are our own choice (G)."""
