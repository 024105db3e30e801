"""What a scenario file may say of customers: when and how much they buy, how they enter, what they do in trouble."""

from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, model_validator

from meter_sim.distribution import GREATEST
from meter_sim.people.customer import Campaign, Mistakes, NeverBuys, Trouble
from meter_sim.scenario.fields import (
    Amount,
    BoughtAmount,
    ClockTime,
    Duration,
    Energy,
    Model,
    Name,
    Share,
    Text,
    Time,
    entries,
    nearest,
    one_of,
    positive,
    whole,
    wrong,
)
from meter_sim.scenario.quantities import Bought
from meter_sim.scenario.source import Value, parse
from meter_sim.scenario.spread import Lognormal, Spread, Uniform

_MONTH_DAY = Annotated[int, whole(1, 31)]
_NONE = Decimal(0)
_MERGED = ("mistakes", "trouble", "campaign", "spare")
"""Sections of which a profile's keys stay where the file does not name them."""


class PaydaysSpec(Model):
    """Days of the month on which a customer buys."""

    days: Annotated[tuple[_MONTH_DAY, ...], entries(1)]
    at: Spread[ClockTime] = Spread[ClockTime].model_validate("17:00")


class BuySpec(Model):
    """When a customer buys: below a level of the display, at intervals, on paydays (also with a level)."""

    when_below: Annotated[Energy, positive("the level")] | None = None
    every: Spread[Duration] | None = None
    first: Time | None = None
    paydays: PaydaysSpec | None = None

    @model_validator(mode="after")
    def _one(self) -> "BuySpec":
        if self.when_below is None and self.every is None and self.paydays is None:
            raise wrong("give one of when_below, every and paydays")
        if self.every is not None and (self.when_below is not None or self.paydays is not None):
            raise wrong("give one of when_below, every and paydays; only paydays and when_below go together")
        if self.first is not None and self.every is None:
            raise wrong("first goes with every", "first")
        return self


class AmountSpec(Spread[BoughtAmount]):
    """How much is bought: an amount, or what the home uses in a time (`use_of`)."""

    use_of: Spread[Duration] | None = None

    @property
    def quantities(self) -> tuple[Bought, ...]:
        """The amounts that stand in it."""
        drawn: tuple[Bought | None, ...] = (self.constant,)
        if self.lognormal is not None:
            drawn = (self.lognormal.median,)
        elif self.uniform is not None:
            drawn = (self.uniform.least, self.uniform.greatest)
        return tuple(amount for amount in drawn if amount is not None)

    @model_validator(mode="after")
    def _one_unit(self) -> "AmountSpec":
        units = {amount.unit for amount in self.quantities}
        if len(units) > 1:
            raise wrong("amounts in two units, write one")
        if "currency" in units:
            raise wrong("customers buy kWh, m3 or min; money is bought on a timeline only")
        if any(amount.amount > GREATEST for amount in self.quantities):
            raise wrong(f"too large, at most {GREATEST // 10} are allowed")
        return self

    @property
    def in_tenths(self) -> Spread[int]:
        """The same as whole tenths of the unit."""
        if self.lognormal is not None:
            median = self.lognormal.median.amount
            return Spread[int].model_construct(
                {"lognormal"}, lognormal=Lognormal[int].model_construct(median=median, sigma=self.lognormal.sigma)
            )
        if self.uniform is not None:
            least, greatest = self.uniform.least.amount, self.uniform.greatest.amount
            return Spread[int].model_construct(
                {"uniform"}, uniform=Uniform[int].model_construct(least=least, greatest=greatest)
            )
        assert self.constant is not None  # the schema sees to it
        return Spread[int].model_construct({"constant"}, constant=self.constant.amount)


class MistakesSpec(Model):
    """How well a customer enters."""

    wrong_digit: Share = _NONE
    credit_first: Share = _NONE
    one_section: Share = _NONE
    tries: Annotated[int, whole(1, 20)] = Mistakes().tries

    @model_validator(mode="after")
    def _at_most_all(self) -> "MistakesSpec":
        if self.credit_first + self.one_section > 1:
            raise wrong("credit_first and one_section come to more than 100%", "one_section")
        return self


class TroubleSpec(Model):
    """What a customer does when a sitting ends with tokens refused."""

    asks: Share = _NONE
    tries_again_after: Spread[Duration] = Field(default_factory=lambda: Spread[Duration].model_validate("1 day"))
    sittings: Annotated[int, whole(1, 50)] = Trouble().sittings


class CampaignSpec(Model):
    """How a customer answers a message about the key change."""

    answers: Share = _NONE
    answers_after: Spread[Duration] = Field(default_factory=lambda: Spread[Duration].model_validate("1 day"))
    at_deadline: Share = _NONE
    deadline_within: Duration = Campaign().deadline_within


class SpareSpec(Model):
    """Tokens bought ahead and left in a drawer."""

    share: Share = _NONE
    kept: Spread[Duration] = Field(default_factory=lambda: Spread[Duration].model_validate("30 days"))


class CustomerSpec(Model):
    """How one kind of customer buys and enters; what is left out is as in the profile that it is based on."""

    WHOLE: ClassVar = (("buy", "amount", "enter_after"), ("based_on",), ("behaviour",))
    """Keys of which one group makes a kind of customer of its own."""

    based_on: Name | None = None
    share: Share | None = None
    buy: BuySpec | None = None
    never: Annotated[NeverBuys, one_of(NeverBuys)] | None = None
    amount: AmountSpec | None = None
    free_units: Amount | None = None
    enter_after: Spread[Duration] | None = None
    between_entries: Duration = 40
    retry_after: Annotated[Duration, positive("the wait after a refusal")] = 86_400
    point_of_sale: Name = "main"
    mistakes: MistakesSpec = MistakesSpec()
    trouble: TroubleSpec = TroubleSpec()
    campaign: CampaignSpec = CampaignSpec()
    spare: SpareSpec = SpareSpec()
    behaviour: Annotated[Text, AfterValidator(lambda path: _import_path(path))] | None = None
    options: dict[Text, Text] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _completed(cls, data: object) -> object:
        """What the file leaves out, taken from the profile that it is based on."""
        if not isinstance(data, dict) or not isinstance(data.get("based_on"), str):
            return data
        name, profiles = data["based_on"], customer_profiles()
        if name not in profiles:
            raise wrong(f"no built-in profile {name!r}, {nearest(name, list(profiles))}", "based_on")
        profile = profiles[name]
        merged = {
            key: profile.get(key, {}) | data[key]
            for key in _MERGED
            if isinstance(data.get(key), dict) and isinstance(profile.get(key), dict)
        }
        if "never" in data or "buy" in data:  # one of them takes the other's place
            profile = {key: value for key, value in profile.items() if key not in ("never", "buy")}
        return profile | data | merged

    @model_validator(mode="after")
    def _whole(self) -> "CustomerSpec":
        if self.options and self.behaviour is None:
            raise wrong("options go with behaviour", "options")
        if self.behaviour is not None and (self.buy is not None or self.never is not None):
            raise wrong("a behaviour decides when to buy, leave buy and never out", "behaviour")
        if self.buy is None and self.behaviour is None:
            for name in ("amount", "enter_after", "free_units"):
                if getattr(self, name) is not None and self.never is None:
                    raise wrong("this key is missing, it is needed", "buy")
            return self
        if self.never is not None:
            raise wrong("who never buys has no buy", "never")
        for name in ("amount", "enter_after") if self.behaviour is None else ():
            if getattr(self, name) is None:
                raise wrong("this key is missing, it is needed", name)
        return self


def _import_path(path: str) -> str:
    module, colon, name = path.partition(":")
    if not colon or not all(part.isidentifier() for part in (*module.split("."), name)):
        raise wrong(f"{path!r} is not an import path, write module:Class")
    return path


@cache
def customer_profiles() -> dict[str, dict[str, Value]]:
    """The built-in kinds of customer, as the file `customers.yaml` says them."""
    text = files("meter_sim.scenario").joinpath("customers.yaml").read_text(encoding="utf-8")
    tree = parse(text, "customers.yaml").tree
    assert isinstance(tree, dict)
    return {name: profile for name, profile in tree.items() if isinstance(profile, dict)}
