"""What is fitted: values of a scenario by path, each between two bounds."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from meter_sim.calibration.error import CalibrationError
from meter_sim.scenario.error import ScenarioError, without_keys
from meter_sim.scenario.experiment import Variant, check_apart, check_parameter
from meter_sim.scenario.paths import Override, put, shown
from meter_sim.scenario.quantities import QuantityError, plain
from meter_sim.scenario.ranges import number_and_unit
from meter_sim.scenario.scenario_file import ScenarioFile

_FINEST = {
    "": Decimal("0.0001"),
    "%": Decimal("0.0001"),
    " days": Decimal("0.01"),
    " h": Decimal("0.01"),
    " min": Decimal("0.1"),
    " kWh": Decimal("0.1"),
    " MWh": Decimal("0.0001"),
    " currency": Decimal("0.01"),
}
"""The step between values of a unit, at least; of other units it is 1."""
_STEPS = 3
"""Decimal places of a range that are told apart: of 20% to 40% hundredths."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One value that is fitted, from `low` to `high` in steps of `step`; `unit` is as written behind the number."""

    path: str
    low: Decimal
    high: Decimal
    unit: str
    step: Decimal

    @property
    def span(self) -> float:
        """From bound to bound, in the unit."""
        return float(self.high - self.low)

    def text(self, place: float) -> str:
        """The value at a place between the bounds (0: low, 1: high), as a scenario writes it."""
        steps = round(Decimal(min(max(place, 0.0), 1.0)) * (self.high - self.low) / self.step)
        return f"{plain(min(self.low + steps * self.step, self.high))}{self.unit}"

    def place(self, text: str) -> float:
        """Where between the bounds a value lies that `text` wrote."""
        number, _ = number_and_unit(text)
        return float((number - self.low) / (self.high - self.low))

    def value(self, place: float) -> float:
        """The number in the parameter's unit; the place may lie outside the bounds."""
        return float(self.low) + place * self.span

    def override(self, text: str) -> Override:
        """A value put into a scenario."""
        return Override(self.path, text, f"--fit {shown(self.path)}")


def parameters_of(texts: Sequence[str], file: ScenarioFile) -> tuple[Parameter, ...]:
    """The parameters of `PATH=LOW..HIGH` or `PATH` alone, in each text one or several with commas between them.

    Without bounds they are half and twice what the file says there, a percentage at most 100%. Raises
    CalibrationError, or ScenarioError for a path that the file cannot have or values that it refuses.
    """
    parts = [part.strip() for text in texts for part in text.split(",")]
    found = tuple(_parameter(part, file) for part in parts if part)
    if not found:
        raise CalibrationError("--fit: give at least one PATH=LOW..HIGH, such as customers.zero.share=20%..40%")
    for each in found:
        check_parameter(each.override(each.text(0.0)))
    check_apart(tuple(each.override(each.text(0.0)) for each in found))
    return found


def _parameter(text: str, file: ScenarioFile) -> Parameter:
    path, equals, bounds = text.partition("=")
    where = f"--fit {shown(path)}"
    if not path or (equals and bounds.count("..") != 1):
        raise CalibrationError(f"{where}: write PATH=LOW..HIGH, such as customers.zero.share=20%..40%")
    ends = bounds.split("..") if equals else _around(path, where, file)
    try:
        (low, unit), (high, other) = (number_and_unit(end) for end in ends)
    except QuantityError as error:
        raise CalibrationError(f"{where}: {without_keys(str(error))}") from None
    if unit != other:
        raise CalibrationError(f"{where}: from {ends[0]} to {ends[1]}: write both with the same unit")
    if high <= low:
        raise CalibrationError(f"{where}: the upper bound {plain(high)} is not above the lower one {plain(low)}")
    whole = unit == "" and not any("." in end for end in ends)
    finest = Decimal(1) if whole else _FINEST.get(unit, Decimal(1))
    step = max(finest, Decimal(10) ** ((high - low).adjusted() - _STEPS))
    return Parameter(path, low, high, unit, step)


def _around(path: str, where: str, file: ScenarioFile) -> list[str]:
    """Half and twice what the file says at a path. Raises CalibrationError, ScenarioError."""
    source = file.source.without(())
    for override in file.variant().overrides:
        put(source, override)
    node = source.tree
    for part in Override(path, None, where).parts:
        if isinstance(node, list) and part.isdecimal() and int(part) < len(node):
            node = node[int(part)]
        else:
            node = node.get(part) if isinstance(node, dict) else None
    try:
        if not isinstance(node, str):
            raise QuantityError("nothing stands there")
        number, unit = number_and_unit(node)
        if number <= 0:
            raise QuantityError(f"{node!r} is not above 0")
    except QuantityError as error:
        told = without_keys(str(error))
        raise CalibrationError(f"{where}: the file has no number there ({told}); write {path}=LOW..HIGH") from None
    half = number / 2 if unit or "." in node else max(number // 2, Decimal(1))
    twice = min(2 * number, Decimal(100)) if unit == "%" else 2 * number
    return [f"{plain(half)}{unit}", f"{plain(twice)}{unit}"]


def varied(variant: Variant, overrides: Sequence[Override]) -> Variant:
    """A way of running a file with some values in place of its own."""
    return Variant(variant.scenario, 0, {}, (*variant.overrides, *overrides))


def check_bounds(parameters: Sequence[Parameter], file: ScenarioFile) -> None:
    """Refuse bounds that the scenario cannot have: all lower ones together, or all upper ones.

    Raises ScenarioError.
    """
    variant = file.variant()
    ends = [tuple(each.override(each.text(end)) for each in parameters) for end in (0.0, 1.0)]
    for point in ends:
        try:
            file.scenario(varied(variant, point), trial=True)
        except ScenarioError as error:
            told = ", ".join(f"{override.path}={override.value}" for override in point)
            raise ScenarioError(*(f"--fit: with {shown(told)}: {fault}" for fault in error.faults)) from None
