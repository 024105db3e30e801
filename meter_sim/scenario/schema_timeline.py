"""What the timeline of a scenario file may say: actions, each with what must come of it."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from meter_sim.meter.answer import STATUS_BY_NAME
from meter_sim.meter.meter import ALL_REGISTERS
from meter_sim.scenario.fields import (
    BoughtAmount,
    Duration,
    Energy,
    Flag,
    Model,
    Name,
    OrText,
    Power,
    RegisterAmount,
    Text,
    Time,
    nearest,
    whole,
    wrong,
)
from meter_sim.scenario.source import Plain
from meter_sim.scenario.standard_fields import (
    KeyExpiry,
    KeyRevision,
    MakerCode,
    ServiceName,
    SupplyGroup,
    TariffIndex,
)
from meter_sim.sts.token import Service
from meter_sim.vending.refusal import REFUSAL_NAMES

RESULT_NAMES = tuple(STATUS_BY_NAME)
"""What a meter may answer to an entry."""
ENTRY_NAMES = (*RESULT_NAMES, "TimedOut", "NoToken")
"""What may become of an entry that the timeline asks for by itself."""
ISSUE_NAMES = ("Issued", *REFUSAL_NAMES)
"""What may become of a request to the vending side."""


class Expect(OrText):
    """What must come of an action; a bare text is the result's name. The rest is the state that the second leaves."""

    result: Text | None = None
    credit: Energy | None = None
    registers: dict[ServiceName, RegisterAmount] | None = None
    switch: Literal["open", "closed"] | None = None
    key_revision: KeyRevision | None = None
    presumed_key_revision: KeyRevision | None = None
    tariff_index: TariffIndex | None = None
    pending_sections: Annotated[int, whole(0, 4)] | None = None
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
            raise wrong("this action shows nothing on the display, leave display out", "expect")


SERVICES_BY_UNIT: dict[str, tuple[Service, ...]] = {
    unit: tuple(service for service in Service if service.unit == unit) for unit in ("kWh", "m3", "min", "currency")
}
"""The services that an amount's unit can buy, the first being meant where none is named."""


class Buy(ActionSpec):
    """Buy an amount; with `enter_after` the tokens are entered, and the result is that of the credit token."""

    buy: BoughtAmount
    service: ServiceName | None = None
    request: Name | None = None
    label: Annotated[Name | None, Field(alias="as")] = None
    enter_after: Duration | None = None
    between_entries: Duration = 40
    point_of_sale: Name = "main"
    reserved_minute: Flag = False

    @property
    def bought_service(self) -> Service:
        """The service, by itself or as the amount's unit tells it."""
        return SERVICES_BY_UNIT[self.buy.unit][0] if self.service is None else self.service

    @model_validator(mode="after")
    def _check(self) -> "Buy":
        allowed = SERVICES_BY_UNIT[self.buy.unit]
        if self.service is not None and self.service not in allowed:
            names = ", ".join(service.name.lower() for service in allowed)
            raise wrong(f"{self.buy} is no amount of {self.service.name.lower()}, {self.buy.unit} buys {names}", "buy")
        self.check_result(ISSUE_NAMES if self.enter_after is None else RESULT_NAMES + ISSUE_NAMES[1:])
        return self


class ChangeKeyTo(Model):
    """What the meter is to hold: key revision, and what else changes."""

    to: KeyRevision
    supply_group: SupplyGroup | None = None
    tariff_index: TariffIndex | None = None
    key_expiry: KeyExpiry | None = None
    three_sections: Flag = False
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
        self.check_result(ENTRY_NAMES)
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
CLEAR_REGISTERS = {service.name.lower(): service.value for service in Service} | {"all": ALL_REGISTERS}


class ExtendedOrder(Model):
    """A class 2 subclass 10 token: one of 64 functions and ten bits for it."""

    function: Annotated[int, whole(0, 63)]
    value: Annotated[int, whole(0, 1023)]


class ManageOrder(Model):
    """One management or test token."""

    test: Text | None = None
    manufacturer: MakerCode | None = None
    power_limit: Power | None = None
    unbalance_limit: Power | None = None
    clear_credit: Text | None = None
    clear_tamper: Flag | None = None
    extended: ExtendedOrder | None = None

    @model_validator(mode="after")
    def _one(self) -> "ManageOrder":
        orders = [name for name in type(self).model_fields if name != "manufacturer"]
        if len(self.model_fields_set - {"manufacturer"}) != 1 or self.clear_tamper is False:
            raise wrong(f"give one of {', '.join(orders)}; clear_tamper only as true")
        if self.test is not None and self.test not in METER_TESTS:
            raise wrong(f"{self.test!r} is no meter test, {nearest(self.test, list(METER_TESTS))}", "test")
        if self.manufacturer is not None and self.test is None:
            raise wrong("manufacturer goes with test", "manufacturer")
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


def _has_one_verb(value: object) -> object:
    """Refuse an action without exactly one verb, with a hint at a misspelt one."""
    if not isinstance(value, dict):
        raise wrong(f"a mapping is needed, with one of the keys {', '.join(VERBS)}")
    if _verb(value) is None:
        known = {key for kind in VERBS.values() for key in kind.allowed_keys()}
        strange = [key for key in value if key not in known]
        if strange and not any(verb in value for verb in VERBS):
            raise wrong(f"unknown key, {nearest(str(strange[0]), list(VERBS))}", str(strange[0]))
        raise wrong(f"an action has exactly one of the keys {', '.join(VERBS)}")
    return value


Action = Annotated[
    Annotated[Buy, Tag("buy")]
    | Annotated[ChangeKey, Tag("change_key")]
    | Annotated[Enter, Tag("enter")]
    | Annotated[PowerCycle, Tag("power_cycle")]
    | Annotated[Tamper, Tag("tamper")]
    | Annotated[Manage, Tag("manage")]
    | Annotated[Observe, Tag("observe")],
    Discriminator(_verb),
    BeforeValidator(_has_one_verb),
]
