"""What a scenario file may say of a population and of the programme that changes its keys."""

from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from meter_sim.programme import Channel, Visit
from meter_sim.scenario.fields import (
    Amount,
    Duration,
    Energy,
    Flag,
    Model,
    Money,
    Name,
    Percentage,
    Purchases,
    Share,
    Text,
    Time,
    entries,
    one_of,
    whole,
    wrong,
)
from meter_sim.scenario.schema_area import RegisterErrorsSpec, Shares
from meter_sim.scenario.spread import Spread
from meter_sim.scenario.standard_fields import KeyExpiry, KeyRevision, SupplyGroup, TariffIndex

_ALL, _NONE = Decimal(1), Decimal(0)
GREATEST_POPULATION = 50_000_000


class DrawerSpec(Model):
    """Tokens that lie in drawers when the run begins."""

    share: Share = _NONE
    bought_before: Spread[Duration] = Field(
        default_factory=lambda: Spread[Duration].model_validate({"uniform": {"least": "1 day", "greatest": "60 days"}})
    )
    entered_after: Spread[Duration] = Field(
        default_factory=lambda: Spread[Duration].model_validate({"uniform": {"least": "1 day", "greatest": "120 days"}})
    )


class PopulationSpec(Model):
    """The meters and customers of a run: drawn, or from a file of meter records."""

    count: Annotated[int, whole(1, GREATEST_POPULATION)] | None = None
    file: Text | None = None
    supply_group: SupplyGroup | None = None
    key_revision: KeyRevision | None = None
    tariff_index: TariffIndex = "01"
    models: Shares = Field(default_factory=dict)
    loads: Shares = Field(default_factory=dict)
    use_varies: Percentage = _NONE
    cannot_change: Share = _NONE
    credit: Spread[Energy] | None = None
    drawer: DrawerSpec = DrawerSpec()
    register_errors: RegisterErrorsSpec = RegisterErrorsSpec()
    zero_buyer_after: Duration = 180 * 86_400

    @model_validator(mode="after")
    def _one(self) -> "PopulationSpec":
        if (self.count is None) == (self.file is None):
            raise wrong("give one of count and file")
        if self.use_varies > 3:
            raise wrong("a variation is at most 300%", "use_varies")
        return self


class ProgrammeKeySpec(Model):
    """What the meters in scope are to hold after the change."""

    from_: KeyRevision = Field(alias="from")
    to: KeyRevision
    supply_group: SupplyGroup | None = None
    tariff_index: TariffIndex | None = None
    key_expiry: KeyExpiry | None = None
    three_sections: Flag = False


class PhaseSpec(Model):
    """One channel in one area from an instant on."""

    start: Time
    channel: Annotated[Channel, one_of(Channel)]
    end: Time | None = None
    print_with: Purchases = 1
    send_over: Duration = 86_400
    reaches: Share = _ALL
    visit: Annotated[Visit, one_of(Visit)] = Visit.UNCONFIRMED

    @model_validator(mode="after")
    def _fits_channel(self) -> "PhaseSpec":
        for name, channels in (
            ("print_with", (Channel.WITH_PURCHASE,)),
            ("send_over", (Channel.SENT, Channel.FETCHED, Channel.OFFICE)),
            ("reaches", (Channel.SENT, Channel.FETCHED, Channel.OFFICE)),
            ("visit", (Channel.CREW,)),
        ):
            if name in self.model_fields_set and self.channel not in channels and not self._is_default(name):
                raise wrong(f"{name} goes with the channel {' or '.join(channels)}", name)
        return self

    def _is_default(self, name: str) -> bool:
        """Whether a key says what it would without being there, as in a resolved scenario."""
        return bool(getattr(self, name) == type(self).model_fields[name].default)


class LendSpec(Model):
    """Units lent before the deadline and paid back with later purchases."""

    start: Time
    until: Time
    amount: Amount
    pay_back: Share


class OneAlone:
    """Marks a list of which a single entry may be written by itself; says so in the JSON schema and to paths."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        several = handler(core)
        return {"anyOf": [several["items"], several]}


class ProgrammeSpec(Model):
    """A key-revision rollout."""

    change_key: ProgrammeKeySpec
    supply_group: SupplyGroup | None = None
    replace_with: Name | None = None
    replace_all: Flag = False
    credit_until: Time | None = None
    key_change_until: Time | None = None
    phases: dict[
        Name, Annotated[tuple[PhaseSpec, ...], BeforeValidator(lambda value: _listed(value)), entries(1), OneAlone()]
    ]
    lend: LendSpec | None = None

    @model_validator(mode="after")
    def _replacement_named(self) -> "ProgrammeSpec":
        if self.replace_all and self.replace_with is None:
            raise wrong("name the model of the new meters in replace_with", "replace_all")
        return self


def _listed(value: object) -> object:
    """A single phase as a list of one."""
    if isinstance(value, dict):
        return [value]
    if not isinstance(value, list | tuple):
        raise wrong("a phase is needed, with the keys start and channel, or a list of phases")
    return value


class CostsSpec(Model):
    """What things cost, and what a kWh sells for."""

    visit: Money = 0
    call: Money = 0
    office_visit: Money = 0
    meter: Money = 0
    token: Money = 0
    message: Money = 0
    kwh: Money = 0
