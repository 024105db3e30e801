"""A customer: when to buy, how much, when and how well to enter, and what to do about a refusal.

Pure functions of 32-bit draws; who makes the draws and when is the engine's business (docs/model.md, sections 6 and 7).
"""

from dataclasses import dataclass, field
from enum import StrEnum

from meter_sim.distribution import NEVER, Chance, Distribution, constant, happens
from meter_sim.local_time import DAY, LocalCalendar, date_of
from meter_sim.people.behaviour import Behaviour

LEAST_AMOUNT = 1
"""Tenths of a kWh: the smallest purchase."""
LEAST_DELAY = 1
"""Seconds between a purchase and the first entry, at least."""
WS_PER_TENTH = 360_000
"""Watt-seconds in a tenth of a kWh."""
DIGITS = 20
"""Digits of a token."""


class NeverBuys(StrEnum):
    """Why a zero buyer buys nothing."""

    VACANT = "vacant"
    """Nobody lives there: no load, no purchase."""
    BYPASSED = "bypassed"
    """The home is wired past the meter: the meter sees no load, nobody buys."""
    BLOCKED = "blocked"
    """The vending side sells nothing to this meter; the home wants power and has none."""


class Manner(StrEnum):
    """How the tokens of a slip with a key change are entered."""

    PRINTED = "printed order"
    CREDIT_FIRST = "credit first"
    """The credit tokens first, then the sections, then what was refused once more."""
    FIRST_SECTION_ONLY = "first section only"
    """The first section, then the credit tokens; the other sections are overlooked."""


@dataclass(frozen=True, slots=True)
class Mistakes:
    """How well a customer enters. Shares are chances (see `Chance`), times seconds."""

    wrong_digit: Chance = NEVER
    """Of each entry: one digit is another than on the slip."""
    credit_first: Chance = NEVER
    """Of each slip with a key change: the sections come behind the credit."""
    one_section: Chance = NEVER
    """Of each slip with a key change: only its first section is entered."""
    tries: int = 1
    """How often one token is entered in a sitting before it is put aside."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What a customer does when a sitting ends with tokens refused."""

    asks: Chance = NEVER
    """Of each sitting that went wrong: asks the area's help desk, else its office."""
    tries_again_after: Distribution = field(default_factory=lambda: constant(DAY))
    """Seconds until the next sitting of those who do not ask."""
    sittings: int = 1
    """After so many sittings the slip is given up."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """How a customer answers a message about the key change."""

    answers: Chance = NEVER
    """Answers the message itself."""
    answers_after: Distribution = field(default_factory=lambda: constant(DAY))
    """Seconds from the message to the answer."""
    at_deadline: Chance = NEVER
    """Of those who do not answer the message: acts before the last day of credit under the old key."""
    deadline_within: int = 14 * DAY
    """The last so many seconds in which those act, at a drawn instant."""


@dataclass(frozen=True, slots=True)
class Spare:
    """Tokens that are bought ahead and left in a drawer."""

    share: Chance = NEVER
    """Of each purchase: a second token of the same amount is bought and put in the drawer."""
    kept: Distribution = field(default_factory=lambda: constant(30 * DAY))
    """Seconds that it lies there before it is entered."""


@dataclass(frozen=True, slots=True)
class Paydays:
    """Buying on days of the month; a day that a month lacks is its last."""

    days: tuple[int, ...]
    after_midnight: Distribution = field(default_factory=lambda: constant(17 * 3600))
    """Seconds after local midnight."""


@dataclass(frozen=True, slots=True)
class Customer:
    """How one kind of household buys and enters. Energies are watt-seconds, times seconds.

    Of `when_below`, `every` and `paydays` those that are given say when to buy: below a level of the register, at
    intervals (the first time at the instant `first` or at a drawn place within the first interval), on days of the
    month; paydays and a level may go together, buying at whichever comes first. None of them: a zero buyer, and
    `never` says why. `amount` is tenths of a kWh, or with `amount_is_use` seconds of the connection's mean use.
    `free_tenths` are free units, handed out as a token of their own with the first purchase of each calendar month.
    """

    name: str
    amount: Distribution
    enter_after: Distribution
    when_below: int | None = None
    every: Distribution | None = None
    first: int | None = None
    paydays: Paydays | None = None
    never: NeverBuys | None = None
    amount_is_use: bool = False
    unit: str = "kWh"
    """What amounts are tenths of: kWh, m3 or min."""
    free_tenths: int = 0
    between_entries: int = 40
    retry_after: int = 86_400
    point_of_sale: str = "main"
    mistakes: Mistakes = Mistakes()
    trouble: Trouble = field(default_factory=Trouble)
    campaign: Campaign = field(default_factory=Campaign)
    spare: Spare = field(default_factory=Spare)
    behaviour: type[Behaviour] | None = None
    """A class of the user's own that decides instead."""
    options: tuple[tuple[str, str], ...] = ()
    """What that class is made with."""


def amount_bought(customer: Customer, word: int, mean_ws: int = 0) -> int:
    """Tenths of a kWh of a purchase; `mean_ws` is the connection's mean use, watt-seconds a day."""
    value = customer.amount.value(word)
    tenths = mean_ws * value // DAY // WS_PER_TENTH if customer.amount_is_use else value
    return max(tenths, LEAST_AMOUNT)


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


def next_payday(paydays: Paydays, calendar: LocalCalendar, after: int) -> int:
    """The local day, counted from 1970-01-01, of the first payday whose day begins after the instant `after`."""
    day = calendar.day(after) + 1
    while not _is_payday(paydays, day):
        day += 1
    return day


def _is_payday(paydays: Paydays, day: int) -> bool:
    date = date_of(day)
    return date.day in paydays.days or (date_of(day + 1).month != date.month and max(paydays.days) > date.day)


def payday_instant(paydays: Paydays, calendar: LocalCalendar, day: int, word: int) -> int:
    """The instant of a purchase on a payday, at most the day's last second."""
    midnight = calendar.midnight(day)
    return midnight + min(max(paydays.after_midnight.value(word), 0), calendar.midnight(day + 1) - midnight - 1)


def month_of(calendar: LocalCalendar, instant: int) -> int:
    """The local calendar month of an instant, counted in months since year 0, by which free units go."""
    date = date_of(calendar.day(instant))
    return date.year * 12 + date.month - 1


def manner_of_entry(mistakes: Mistakes, word: int) -> Manner:
    """How the tokens of a slip with a key change are entered."""
    if happens(mistakes.one_section, word):
        return Manner.FIRST_SECTION_ONLY
    if happens(mistakes.one_section + mistakes.credit_first, word):
        return Manner.CREDIT_FIRST
    return Manner.PRINTED


def mistyped(digits: str, word: int) -> str:
    """The digits with one of them changed to another: place and digit are drawn."""
    place, change = word * DIGITS >> 32, 1 + ((word & 0xFFFF) * 9 >> 16)
    wrong = (int(digits[place]) + change) % 10
    return f"{digits[:place]}{wrong}{digits[place + 1 :]}"


def campaign_answer(campaign: Campaign, told: int, deadline: int | None, word: int, time_word: int) -> int | None:
    """When a customer who is told at `told` acts: after the message, before the deadline, or not at all (None).

    `word` decides whether, `time_word` when. Without a deadline only the message counts.
    """
    if happens(campaign.answers, word):
        return told + max(campaign.answers_after.value(time_word), LEAST_DELAY)
    of_rest = campaign.at_deadline * ((1 << 32) - campaign.answers) >> 32
    if deadline is None or not happens(campaign.answers + of_rest, word):
        return None
    window = min(campaign.deadline_within, deadline - told - LEAST_DELAY)
    return deadline - window + (window * time_word >> 32) if window > 0 else None
