"""A simple customer: when to buy, how much, and how long until the token is entered.

Pure functions of 32-bit draws; who makes the draws and when is the engine's business (docs/model.md, section 7).
"""

from dataclasses import dataclass

from meter_sim.distribution import Distribution

LEAST_AMOUNT = 1
"""Tenths of a kWh: the smallest purchase."""
LEAST_DELAY = 1
"""Seconds between a purchase and the first entry, at least."""


@dataclass(frozen=True, slots=True)
class Customer:
    """How one kind of household buys. Energies are watt-seconds, amounts tenths of a kWh, times seconds.

    Either `when_below` or `every` is given: buy when the register is below a level, or at intervals, the first time
    at the instant `first` or at a drawn place within the first interval.
    """

    name: str
    amount: Distribution
    enter_after: Distribution
    when_below: int | None = None
    every: Distribution | None = None
    first: int | None = None
    between_entries: int = 40
    retry_after: int = 86_400
    point_of_sale: str = "main"


def amount_bought(customer: Customer, word: int) -> int:
    """Tenths of a kWh of a purchase."""
    return max(customer.amount.value(word), LEAST_AMOUNT)


def entry_delay(customer: Customer, word: int) -> int:
    """Seconds from a purchase to the first entry."""
    return max(customer.enter_after.value(word), LEAST_DELAY)


def first_purchase(customer: Customer, start: int, place_word: int, interval_word: int) -> int:
    """The instant of an interval buyer's first purchase: as given, or at a drawn place in the first interval."""
    if customer.first is not None:
        return customer.first
    return start + (_interval(customer, interval_word) * place_word >> 32)


def next_purchase(customer: Customer, last: int, interval_word: int) -> int:
    """The instant of an interval buyer's next purchase after one at `last`."""
    return last + _interval(customer, interval_word)


def _interval(customer: Customer, word: int) -> int:
    if customer.every is None:
        raise ValueError(f"customer {customer.name} buys at a level, not at intervals")
    return max(customer.every.value(word), 1)
