"""Quantities of a scenario file that are always the same, or drawn."""

from typing import Generic, TypeVar

from pydantic import model_validator

from meter_sim.scenario.fields import Model, OrText, Sigma, wrong

Q = TypeVar("Q")


class Lognormal(Model, Generic[Q]):
    """A lognormal: `median`, and `sigma`, the standard deviation of the logarithm."""

    median: Q
    sigma: Sigma


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
