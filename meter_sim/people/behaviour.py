"""A customer's behaviour written by a user in Python; it runs on the reference engine only.

A scenario names the class by its import path (`customers.NAME.behaviour: my_module:Careful`), and it is run only where
the user allows code. It must decide from what it is shown alone, and take its chance from `Seen.chance`, so that a run
stays repeatable.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from meter_sim.local_time import LocalCalendar


@dataclass(frozen=True, slots=True)
class Seen:
    """What a customer knows when asked. Instants are seconds (UTC), energies tenths of a kWh as on the display."""

    now: int
    calendar: LocalCalendar
    """Local days and hours: `calendar.day(now)`, `calendar.text(now)`."""
    display: int
    """What the display shows; rounded down."""
    has_supply: bool
    purchases: int
    """How many purchases this customer made so far."""
    answers: tuple[str, ...]
    """What the meter answered in the last sitting, in the order of entry: Accept, CRCError and so on."""
    chance: Callable[[int], int]
    """A draw of 32 bits that belongs to this connection, by a number that the behaviour counts itself."""


class Behaviour:
    """What a customer decides. A subclass overrides what it wants to decide differently.

    `options` are what the scenario gives under `options`, as texts.
    """

    def __init__(self, options: Mapping[str, str]) -> None:
        self.options = dict(options)

    def next_purchase(self, seen: Seen) -> int | None:
        """The instant of the next purchase, or None: look again when the register has changed or a day is over."""
        raise NotImplementedError

    def amount(self, seen: Seen) -> int:
        """Tenths of a kWh to buy."""
        raise NotImplementedError

    def enter_after(self, seen: Seen) -> int | None:
        """Seconds from the purchase to the first entry; None leaves the slip in a drawer for good."""
        return 600
