"""A credit register and the totals beside it.

Electricity counts in watt-seconds, water, gas and time in tenths of their unit, money in 1e-5 of the base currency.
"""

from dataclasses import dataclass

from meter_sim.sts.token import Service
from meter_sim.sts.words import currency_text, tenths_text

WS_PER_TENTH = 360_000
"""Watt-seconds in a tenth of a kWh."""
WS_PER_KWH = 10 * WS_PER_TENTH


def per_tenth(service: Service) -> int:
    """Units of a service's register in a tenth of what its tokens are made out in."""
    return WS_PER_TENTH if service is Service.ELECTRICITY else 1


def register_text(service: Service, amount: int) -> str:
    """An amount of a service's register with its unit, such as `20.0 kWh`; tenths are rounded down."""
    if service.in_currency:
        return f"{currency_text(amount)} {service.unit}"
    return tenths_text(amount // per_tenth(service), service.unit)


@dataclass(slots=True)
class CreditRegister:
    """What was paid for and not used yet.

    At any instant: initial + credited = used + balance + cleared.
    """

    balance: int
    cap: int
    credited: int = 0
    used: int = 0
    cleared: int = 0

    @property
    def display_tenths(self) -> int:
        """What the display shows: whole tenths of a kWh, rounded down."""
        return self.balance // WS_PER_TENTH

    def overflows_with(self, amount: int) -> bool:
        """Whether this much more would pass the cap; such a token is refused with OverflowError (L)."""
        return self.balance + amount > self.cap

    def credit(self, amount: int) -> None:
        """Book a credit token."""
        self.balance += amount
        self.credited += amount

    def use(self, demand: int) -> int:
        """Book energy asked for; returns what there was credit for."""
        used = min(demand, self.balance)
        self.balance -= used
        self.used += used
        return used

    def clear(self) -> None:
        """Set to zero, as a ClearCredit token does."""
        self.cleared += self.balance
        self.balance = 0
